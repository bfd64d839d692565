/* perlipc for C++11 and later: perlipc.h with handles that free themselves, failures as exceptions, time as std::chrono,
 * handlers that may throw. Header only; link libperlipc.
 *
 *     namespace ipc = perlipc;
 *     auto kid = ipc::open2({"sort", "-r"});
 *     kid.writer.write("b\na\n").close();
 *     for (const std::string &line : kid.reader.lines()) std::cout << line;
 *     if (!kid.reader.close().ok()) ...
 *
 * What a function does, whether it blocks and what it is in Perl stands with its twin in perlipc.h: Stream::read is
 * ipc_stream_read, signal::kill is ipc_signal_kill. The differences are only these:
 *
 * - A failure is thrown as perlipc::Error; Error::result() is the code that the C function returned. What came all the
 *   same is in it: StatusError has a status, CaptureError what was heard until then.
 * - A destructor frees and never waits; close() waits and gives the status.
 * - Time limits are std::chrono::milliseconds; what is longer converts by itself. `forever` is no limit.
 * - A handler that throws ends the call that it interrupted, and the exception comes out of that call. */
#ifndef PERLIPC_HPP
#define PERLIPC_HPP

#include "perlipc.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <exception>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace perlipc {

using milliseconds = std::chrono::milliseconds;

/// No time limit.
constexpr milliseconds forever{-1};

/// What a call could not do. `code()` compares with std::errc; `what()` is "step thing: why".
class Error : public std::system_error {
public:
    explicit Error(int32_t result)
        : std::system_error(ipc_error_errno(result), std::generic_category()), result_(result),
          about_(std::make_shared<const About>(result)) {}

    Error(int32_t result, const std::string &text)
        : std::system_error(ipc_error_errno(result), std::generic_category()), result_(result),
          about_(std::make_shared<const About>(text)) {}

    const char *what() const noexcept override { return about_->text.c_str(); }
    /// The code of the C function: -errno or a PERLIPC_E_*.
    int32_t result() const noexcept { return result_; }
    /// "ENOENT", "PERLIPC_E_BUSY".
    const char *name() const noexcept { return ipc_error_name(result_); }
    /// "exec", "open", "wait" ...
    const std::string &step() const noexcept { return about_->step; }
    /// The file, user, process or address, if there is one.
    const std::string &path() const noexcept { return about_->path; }
    /// Whether it was a time limit of one's own, and not a peer that the network has given up.
    bool by_limit() const noexcept { return about_->by_limit; }

private:
    struct About {
        std::string text, step, path;
        bool by_limit = false;
        explicit About(const std::string &said) : text(said) {}
        // The thread's last failure is this one, unless somebody has made the code up.
        explicit About(int32_t result) {
            if (ipc_error_last_code() != result) {
                text = ipc_error_text(result);
                return;
            }
            text = ipc_error_last_text();
            step = ipc_error_last_step();
            path = ipc_error_last_path();
            by_limit = ipc_error_last_by_limit() != 0;
        }
    };
    int32_t result_;
    std::shared_ptr<const About> about_; // exceptions are copied, and copying must not throw
};

namespace detail {

/// What a handler has thrown, until the call that it interrupted has come back.
inline std::exception_ptr &thrown() {
    static thread_local std::exception_ptr thrown;
    return thrown;
}

/// Callbacks must not leave by an exception: it is kept, and the call told to give up.
template <class Body> int32_t kept(Body body) noexcept {
    try {
        body();
        return 0;
    } catch (...) {
        thrown() = std::current_exception();
        return -1;
    }
}

inline void rethrow(int32_t result) {
    if (result == PERLIPC_E_HANDLER && thrown()) {
        std::exception_ptr exception;
        std::swap(exception, thrown());
        std::rethrow_exception(exception);
    }
}

template <class Number> Number check(Number result) {
    if (result < 0) {
        rethrow(static_cast<int32_t>(result));
        throw Error(static_cast<int32_t>(result));
    }
    return result;
}

inline int32_t limit(milliseconds time) {
    if (time.count() < 0) return -1;
    return static_cast<int32_t>(std::min<milliseconds::rep>(time.count(), std::numeric_limits<int32_t>::max()));
}

inline std::string bytes(const void *data, size_t len) {
    return data ? std::string(static_cast<const char *>(data), len) : std::string();
}

/// Text of unknown length, from a function that says -ERANGE when it does not fit.
template <class Get> std::string text(Get get) {
    for (std::string room(256, '\0');; room.assign(room.size() * 8, '\0')) {
        int32_t len = get(&room[0], room.size());
        if (len == -ERANGE && room.size() < (size_t(1) << 26)) continue;
        room.resize(static_cast<size_t>(check(len)));
        return room;
    }
}

/// Text for C, which ends at the first NUL: nothing is cut without a word.
inline const char *c(const std::string &text) {
    if (text.find('\0') != std::string::npos) throw Error(PERLIPC_E_INVALID, "a text with a NUL inside");
    return text.c_str();
}

inline const char *or_null(const std::string &text) { return text.empty() ? nullptr : c(text); }

/// Argument lists as C has them.
inline std::vector<const char *> pointers(const std::vector<std::string> &words) {
    std::vector<const char *> all;
    for (const std::string &word : words) all.push_back(c(word));
    all.push_back(nullptr);
    return all;
}

struct Free {
    void operator()(ipc_saved *h) const { ipc_signal_restore(h); }
    void operator()(ipc_cmd *h) const { ipc_cmd_free(h); }
    void operator()(ipc_stream *h) const { ipc_stream_free(h); }
    void operator()(ipc_capture *h) const { ipc_capture_free(h); }
    void operator()(ipc_expect *h) const { ipc_expect_free(h); }
    void operator()(ipc_lock *h) const { ipc_lock_free(h); }
    void operator()(ipc_value *h) const { ipc_value_free(h); }
    void operator()(ipc_argv *h) const { ipc_argv_free(h); }
    void operator()(ipc_listener *h) const { ipc_listener_free(h); }
    void operator()(ipc_dgram *h) const { ipc_dgram_free(h); }
    void operator()(ipc_server *h) const { ipc_server_free(h); }
    void operator()(ipc_poll *h) const { ipc_poll_free(h); }
    void operator()(ipc_interact *h) const { ipc_interact_free(h); }
    void operator()(ipc_futex *h) const { ipc_futex_free(h); }
    void operator()(ipc_batch *h) const { ipc_batch_free(h); }
};
template <class T> using Handle = std::unique_ptr<T, Free>;

} // namespace detail

// ---- version -------------------------------------------------------------------------------------------------------

inline uint32_t version() { return ipc_version(); }
inline std::string version_string() { return ipc_version_string(); }
inline bool version_has(const std::string &feature) { return detail::check(ipc_version_has(detail::c(feature))) != 0; }

// ---- status --------------------------------------------------------------------------------------------------------

/// How a child ended. It has no truth value: unknown is neither success nor failure.
class Status {
public:
    explicit Status(int32_t native = -1) : native_(native) {}

    /// It exited with 0.
    bool ok() const { return native_ == 0; }
    bool known() const { return ipc_status_known(native_) != 0; }
    bool exited() const { return ipc_status_code(native_) >= 0; }
    /// The exit code; an Error when it did not exit.
    int code() const { return detail::check(ipc_status_code(native_)); }
    /// The signal that killed it, 0 when none did.
    int signal() const { return ipc_status_signal(native_); }
    bool core() const { return ipc_status_core(native_) != 0; }
    int stopped() const { return ipc_status_stopped(native_); }
    int shell() const { return ipc_status_shell(native_); }
    /// "exited with 3", "killed by TERM", "unknown".
    std::string text() const {
        int32_t native = native_;
        return detail::text([native](char *to, size_t cap) { return ipc_status_text(native, to, cap); });
    }
    /// As waitpid gives it; -1 is unknown.
    int32_t native() const { return native_; }
    bool operator==(const Status &other) const { return native_ == other.native_; }
    bool operator!=(const Status &other) const { return native_ != other.native_; }

private:
    int32_t native_;
};

/// A failure of a call that waits for a child: how that ended all the same, if it did.
class StatusError : public Error {
public:
    StatusError(int32_t result, Status status) : Error(result), status_(status) {}
    Status status() const noexcept { return status_; }

private:
    Status status_;
};

namespace detail {
// By reference: the call that gives the result sets the status, whichever of the two arguments is looked at first.
inline Status ended(int32_t result, const int32_t &status) {
    rethrow(result);
    if (result < 0) throw StatusError(result, Status(status));
    return Status(status);
}
} // namespace detail

// ---- signal --------------------------------------------------------------------------------------------------------

namespace signal {

/// May do anything, throw too: the call that it interrupted then ends with the exception (Perl's die).
using Handler = std::function<void(int signo)>;

inline int number(const std::string &signal) { return detail::check(ipc_signal_number(detail::c(signal))); }
/// "INT"; "" for a number that is no signal.
inline std::string name(int signo) {
    const char *name = ipc_signal_name(signo);
    return name ? name : "";
}

} // namespace signal

namespace detail {

/// The handlers by number. One that runs stays alive when it changes itself.
struct Handlers {
    std::mutex lock;
    std::shared_ptr<signal::Handler> of[65];

    static Handlers &all() {
        static Handlers *all = new Handlers; // never destroyed: signals come until the end
        return *all;
    }
    std::shared_ptr<signal::Handler> get(int signo) {
        std::lock_guard<std::mutex> guard(lock);
        return of[signo];
    }
    void set(int signo, std::shared_ptr<signal::Handler> handler) {
        std::lock_guard<std::mutex> guard(lock);
        of[signo].swap(handler);
    }
    static int32_t run(int32_t signo, const char *, void *) {
        std::shared_ptr<signal::Handler> handler = all().get(signo);
        return kept([&] { if (handler && *handler) (*handler)(signo); });
    }
};

} // namespace detail

namespace signal {

inline void handle(const std::string &signal, Handler handler) {
    int signo = number(signal);
    auto fresh = std::make_shared<Handler>(std::move(handler));
    auto &all = detail::Handlers::all();
    if (!all.get(signo)) all.set(signo, fresh);
    // What has arrived until now is the old one's, if there is one: the new one comes behind it.
    detail::check(ipc_signal_handle(detail::c(signal), detail::Handlers::run, nullptr));
    all.set(signo, std::move(fresh));
}
inline void queue(const std::string &signal) { detail::check(ipc_signal_queue(detail::c(signal))); }
inline void ignore(const std::string &signal) { detail::check(ipc_signal_ignore(detail::c(signal))); }
inline void standard(const std::string &signal) { detail::check(ipc_signal_default(detail::c(signal))); }
/// "DEFAULT", "IGNORE", "HANDLER", "QUEUE", "FOREIGN", "REPLACED".
inline std::string disposition(const std::string &signal) {
    const char *word = ipc_signal_disposition(detail::c(signal));
    if (!word) throw Error(PERLIPC_E_INVALID);
    return word;
}

/// Perl's local $SIG{X}: what is done with a signal is put back at the end of the scope.
class Local {
public:
    explicit Local(const std::string &signal) : signo_(number(signal)), handler_(detail::Handlers::all().get(signo_)) {
        ipc_saved *saved;
        detail::check(ipc_signal_save(detail::c(signal), &saved));
        saved_.reset(saved);
    }
    Local(Local &&) = default;
    Local &operator=(Local &&) = delete;
    /// Puts it back now; an exception of the handler of until now comes out here, from the destructor never.
    void restore() {
        int32_t result = ipc_signal_restore(saved_.release());
        detail::Handlers::all().set(signo_, std::move(handler_));
        detail::check(result);
    }
    ~Local() {
        if (!saved_) return;
        saved_.reset();
        detail::thrown() = nullptr;
        detail::Handlers::all().set(signo_, std::move(handler_));
    }

private:
    int signo_;
    std::shared_ptr<Handler> handler_;
    detail::Handle<ipc_saved> saved_;
};

/// A queued signal's number; 0 when time is up.
inline int next(milliseconds time = forever) {
    int32_t signo = ipc_signal_next(detail::limit(time));
    return signo == -ETIMEDOUT ? 0 : detail::check(signo);
}

struct Sender {
    int32_t count, pid;
    uint32_t uid;
    int64_t value;
    int32_t code;
};
/// Who sent the signal whose handler runs now, or that next() gave last.
inline Sender sender() {
    Sender s{};
    s.count = detail::check(ipc_signal_sender(&s.pid, &s.uid, &s.value));
    detail::check(ipc_signal_code(&s.code));
    return s;
}
inline int dispatch(milliseconds time = milliseconds(0)) { return detail::check(ipc_signal_dispatch(detail::limit(time))); }
inline const uint64_t *due_word() { return ipc_signal_due_word(); }
inline int fd() { return detail::check(ipc_signal_fd()); }
inline void take_over() { detail::check(ipc_signal_take_over()); }
inline void block(const std::string &signals) { detail::check(ipc_signal_block(detail::c(signals))); }
inline void unblock(const std::string &signals) { detail::check(ipc_signal_unblock(detail::c(signals))); }
inline bool blocked(const std::string &signal) { return detail::check(ipc_signal_blocked(detail::c(signal))) != 0; }
inline bool pending(const std::string &signal) { return detail::check(ipc_signal_pending(detail::c(signal))) != 0; }
inline int suspend(const std::string &unblocked, milliseconds time = forever) {
    return detail::check(ipc_signal_suspend(detail::c(unblocked), detail::limit(time)));
}
inline void hosted(bool on) { ipc_signal_hosted(on); }
inline void kill(const std::string &signal, int32_t pid) { detail::check(ipc_signal_kill(detail::c(signal), pid)); }
/// How many were reached.
inline int kill(const std::string &signal, const std::vector<int32_t> &pids) {
    return detail::check(ipc_signal_kill_all(detail::c(signal), pids.data(), pids.size()));
}
inline void sigqueue(const std::string &signal, int32_t pid, int64_t value) {
    detail::check(ipc_signal_sigqueue(detail::c(signal), pid, value));
}
/// What was left of the alarm before.
inline milliseconds alarm(milliseconds after, milliseconds interval = milliseconds(0)) {
    return milliseconds(detail::check(ipc_signal_alarm(after.count(), interval.count())));
}
/// What is left of the time when a handler ended it.
inline milliseconds sleep(milliseconds time) { return milliseconds(detail::check(ipc_signal_sleep(time.count()))); }
inline void trap(const std::string &signals = "") { detail::check(ipc_signal_trap(detail::c(signals))); }
inline void trap(const std::string &signals, ipc_trap_fn last, void *userdata) {
    detail::check(ipc_signal_trap_handle(detail::c(signals), last, userdata));
}

} // namespace signal

// ---- child ---------------------------------------------------------------------------------------------------------

/// A process that this one started. What Stream::child() gives is the stream's, and lives as long as that.
class Child {
public:
    Child() : Child(nullptr) {}
    explicit Child(ipc_child *handle, bool lent = false) : handle_(handle, Free{lent}) {}

    static Child adopt(int32_t pid) {
        ipc_child *child;
        detail::check(ipc_child_adopt(pid, &child));
        return Child(child);
    }
    int32_t pid() const { return detail::check(ipc_child_pid(get())); }
    /// Its pidfd, readable when it has ended.
    int fd() const { return detail::check(ipc_child_fd(get())); }
    /// A new descriptor, the caller's, that is at its end when the child has ended: for loops that take no pidfds.
    int exit_fd() const { return detail::check(ipc_child_exit_fd(get())); }
    Status wait(milliseconds time = forever) {
        int32_t status = -1;
        return detail::ended(ipc_child_wait(get(), detail::limit(time), &status), status);
    }
    void kill(const std::string &signal = "TERM") { detail::check(ipc_child_kill(get(), detail::c(signal))); }
    /// How many processes got it; `how` is a PERLIPC_KILL_*.
    int kill_tree(const std::string &signal = "TERM", int32_t *how = nullptr) {
        return detail::check(ipc_child_kill_tree(get(), detail::c(signal), how));
    }
    /// TERM to its tree, `grace` to go, then KILL.
    Status end(milliseconds grace = milliseconds(1000)) {
        int32_t status = -1;
        return detail::ended(ipc_child_end(get(), detail::limit(grace), &status), status);
    }
    explicit operator bool() const { return handle_ != nullptr; }
    ipc_child *get() const { return handle_.get(); }

private:
    struct Free {
        bool lent;
        void operator()(ipc_child *h) const {
            if (!lent) ipc_child_free(h);
        }
    };
    std::unique_ptr<ipc_child, Free> handle_;
};

/// Empty in the child: fork gives the child's handle to the parent alone.
inline Child fork() {
    ipc_child *child;
    detail::check(ipc_fork(&child));
    return Child(child);
}

struct Reaped {
    int32_t pid;
    Status status;
};
inline Reaped wait_any(milliseconds time = forever) {
    int32_t status = -1, pid = detail::check(ipc_wait_any(detail::limit(time), &status));
    return {pid, Status(status)};
}
inline Reaped wait_pid(int32_t pid, milliseconds time = forever) {
    int32_t status = -1, got = detail::check(ipc_wait_pid(pid, detail::limit(time), &status));
    return {got, Status(status)};
}

// ---- cmd -----------------------------------------------------------------------------------------------------------

/// What to run. The first failure of a setter comes out of the call that starts it.
class Cmd {
public:
    explicit Cmd(const std::string &program) : handle_(ipc_cmd_new(detail::c(program))) {}
    Cmd(const std::vector<std::string> &words) : handle_(ipc_cmd_argv(detail::pointers(words).data())) {}
    Cmd(std::initializer_list<std::string> words) : Cmd(std::vector<std::string>(words)) {}
    /// A command string, by Perl's rule: with a shell only where it needs one.
    static Cmd shell(const std::string &command) { return Cmd(ipc_cmd_shell(detail::c(command))); }

    Cmd &arg(const std::string &arg) { return ipc_cmd_arg(get(), detail::c(arg)), *this; }
    Cmd &env(const std::string &name, const std::string &value) {
        return ipc_cmd_env(get(), detail::c(name), detail::c(value)), *this;
    }
    Cmd &env_unset(const std::string &name) { return ipc_cmd_env(get(), detail::c(name), nullptr), *this; }
    Cmd &env_clear() { return ipc_cmd_env_clear(get()), *this; }
    Cmd &dir(const std::string &path) { return ipc_cmd_dir(get(), detail::c(path)), *this; }
    Cmd &redirect(int child_fd, const std::string &spec) { return ipc_cmd_redirect(get(), child_fd, detail::c(spec)), *this; }
    Cmd &pass(int child_fd, int fd) { return ipc_cmd_pass(get(), child_fd, fd), *this; }
    /// "" leaves one as it is.
    Cmd &user(const std::string &user, const std::string &group = "") {
        return ipc_cmd_user(get(), detail::or_null(user), detail::or_null(group)), *this;
    }
    Cmd &option(const std::string &name, const std::string &value) {
        return ipc_cmd_option(get(), detail::c(name), detail::c(value)), *this;
    }
    Cmd &grace(milliseconds time) { return ipc_cmd_grace(get(), detail::limit(time)), *this; }

    Child start() const {
        ipc_child *child;
        detail::check(ipc_cmd_start(get(), &child));
        return Child(child);
    }
    /// Perl's system.
    Status run(milliseconds time = forever) const {
        int32_t status = -1;
        return detail::ended(ipc_cmd_run(get(), detail::limit(time), &status), status);
    }
    [[noreturn]] void exec() const { throw Error(ipc_cmd_exec(get())); }
    ipc_cmd *get() const { return handle_.get(); }

private:
    explicit Cmd(ipc_cmd *handle) : handle_(handle) {}
    detail::Handle<ipc_cmd> handle_;
};

/// Perl's -T: an Error that names the first thing in this process's environment that is not safe.
inline void taint_check() { detail::check(ipc_taint_check()); }

// ---- stream --------------------------------------------------------------------------------------------------------

class Stream;

/// The records that are left, for a range-for.
class Lines {
public:
    class iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = std::string;
        using difference_type = std::ptrdiff_t;
        using pointer = const std::string *;
        using reference = const std::string &;

        iterator() = default;
        explicit iterator(Stream *stream) : stream_(stream) { ++*this; }
        reference operator*() const { return line_; }
        pointer operator->() const { return &line_; }
        inline iterator &operator++();
        iterator operator++(int) {
            iterator before = *this;
            ++*this;
            return before;
        }
        /// All that matters is whether the end was reached.
        bool operator==(const iterator &other) const { return stream_ == other.stream_; }
        bool operator!=(const iterator &other) const { return stream_ != other.stream_; }

    private:
        Stream *stream_ = nullptr;
        std::string line_;
    };
    explicit Lines(Stream *stream) : stream_(stream) {}
    iterator begin() const { return iterator(stream_); }
    iterator end() const { return iterator(); }

private:
    Stream *stream_;
};

/// Perl's filehandle: a pipe's end, a child's output or input, a FIFO, a connected socket, a pty.
class Stream {
public:
    Stream() = default;
    explicit Stream(ipc_stream *handle) : handle_(handle) {}

    static Stream adopt(int fd) {
        ipc_stream *stream;
        detail::check(ipc_stream_adopt(fd, &stream));
        return Stream(stream);
    }
    /// What is there; 0 at the end.
    size_t read(void *data, size_t cap) { return static_cast<size_t>(detail::check(ipc_stream_read(get(), data, cap))); }
    size_t read_full(void *data, size_t len) {
        return static_cast<size_t>(detail::check(ipc_stream_read_full(get(), data, len)));
    }
    /// Up to `len` bytes, fewer only at the end.
    /// The next bytes, which stay.
    std::string peek(size_t len) {
        std::string data(len, '\0');
        data.resize(static_cast<size_t>(detail::check(ipc_stream_peek(get(), &data[0], len))));
        return data;
    }
    std::string read(size_t len) {
        std::string data(len, '\0');
        data.resize(read_full(&data[0], len));
        return data;
    }
    /// The next record with its separator; false at the end.
    bool getline(std::string &line) {
        const char *data;
        int64_t len = detail::check(ipc_stream_readline(get(), &data));
        line.assign(data ? data : "", static_cast<size_t>(len));
        return len > 0;
    }
    Lines lines() { return Lines(this); }
    /// All that is left.
    std::string slurp() {
        std::string all;
        char block[16384];
        for (size_t n; (n = read(block, sizeof block)) > 0;) all.append(block, n);
        return all;
    }
    Stream &write(const void *data, size_t len) { return detail::check(ipc_stream_write(get(), data, len)), *this; }
    Stream &write(const std::string &data) { return write(data.data(), data.size()); }
    Stream &flush() { return detail::check(ipc_stream_flush(get())), *this; }
    Stream &autoflush(bool on) { return detail::check(ipc_stream_autoflush(get(), on)), *this; }
    /// What ends a record; "" means paragraphs.
    Stream &separator(const std::string &bytes) {
        return detail::check(ipc_stream_separator(get(), bytes.data(), bytes.size())), *this;
    }
    /// Records of a fixed size; 0: the whole input is one.
    Stream &record(size_t size) { return detail::check(ipc_stream_record(get(), size)), *this; }
    Stream &line_limit(size_t limit) { return detail::check(ipc_stream_line_limit(get(), limit)), *this; }
    /// The time limit of each call.
    Stream &timeout(milliseconds time) { return detail::check(ipc_stream_timeout(get(), detail::limit(time))), *this; }
    /// The time limit of all calls together, from now on.
    Stream &deadline(milliseconds time) { return detail::check(ipc_stream_deadline(get(), detail::limit(time))), *this; }
    bool eof() { return detail::check(ipc_stream_eof(get())) != 0; }
    void shutdown() { detail::check(ipc_stream_shutdown(get())); }
    void shutdown_read() { detail::check(ipc_stream_shutdown_read(get())); }
    void shutdown_both() { detail::check(ipc_stream_shutdown_both(get())); }
    void cancel() { detail::check(ipc_stream_cancel(get())); }
    /// The child that it carries; empty when it carries none.
    Child child() { return Child(ipc_stream_child(get()), true); }
    int fd() const { return detail::check(ipc_stream_fd(get())); }
    /// The descriptor, which is the caller's from now on.
    int release() { return detail::check(ipc_stream_release(get())); }
    /// Flushes, closes, and where this was the last stream of its child, waits for that.
    Status close() {
        int32_t status = -1;
        return detail::ended(ipc_stream_close(get(), &status), status);
    }
    Stream &option(const std::string &name, int value) {
        return detail::check(ipc_stream_option(get(), detail::c(name), value)), *this;
    }
    int option(const std::string &name) const {
        int32_t value = 0;
        detail::check(ipc_stream_option_value(get(), detail::c(name), &value));
        return value;
    }
    std::string peer() const {
        return detail::text([this](char *to, size_t cap) { return ipc_stream_peer(get(), to, cap); });
    }
    std::string addr() const {
        return detail::text([this](char *to, size_t cap) { return ipc_stream_addr(get(), to, cap); });
    }

    // What an Expect found in it last.
    std::string before() const {
        size_t len = 0;
        const void *data = ipc_expect_before(get(), &len);
        return detail::bytes(data, len);
    }
    std::string match(int group = 0) const {
        size_t len = 0;
        const void *data = ipc_expect_match(get(), group, &len);
        return detail::bytes(data, len);
    }
    /// A dialogue: a text to wait for, one to answer with, and so on.
    void script(const std::vector<std::string> &pairs, milliseconds time = forever) {
        detail::check(ipc_expect_script(get(), detail::pointers(pairs).data(), detail::limit(time)));
    }
    void log(int fd) { detail::check(ipc_expect_log(get(), fd)); }

    // Of a pty.
    void resize(int rows, int cols) { detail::check(ipc_pty_resize(get(), rows, cols)); }
    std::pair<int, int> size() const {
        int32_t rows, cols;
        detail::check(ipc_pty_size(get(), &rows, &cols));
        return {rows, cols};
    }
    std::string pty_name() const {
        return detail::text([this](char *to, size_t cap) { return ipc_pty_name(get(), to, cap); });
    }
    /// Joined with the user's terminal until the byte `escape` is typed (29: Control-], -1: none): a PERLIPC_INTERACT_*.
    int interact(int escape = 29) { return detail::check(ipc_pty_interact(get(), escape)); }

    // Of a socket.
    void send_urgent(unsigned char byte) { detail::check(ipc_tcp_send_urgent(get(), byte)); }
    unsigned char recv_urgent() { return static_cast<unsigned char>(detail::check(ipc_tcp_recv_urgent(get()))); }
    bool at_mark() { return detail::check(ipc_tcp_at_mark(get())) != 0; }
    void send_fd(int fd) { detail::check(ipc_unix_send_fd(get(), fd)); }
    int recv_fd(milliseconds time = forever) { return detail::check(ipc_unix_recv_fd(get(), detail::limit(time))); }

    explicit operator bool() const { return handle_ != nullptr; }
    ipc_stream *get() const { return handle_.get(); }

private:
    detail::Handle<ipc_stream> handle_;
};

inline Lines::iterator &Lines::iterator::operator++() {
    if (!stream_->getline(line_)) stream_ = nullptr;
    return *this;
}

struct Pipe {
    Stream reader, writer;
};
inline Pipe pipe() {
    ipc_stream *reader, *writer;
    detail::check(ipc_pipe_new(&reader, &writer));
    return {Stream(reader), Stream(writer)};
}

// ---- popen, open2, open3 -------------------------------------------------------------------------------------------

/// "cmd |" or "| cmd".
inline Stream open(const std::string &spec) {
    ipc_stream *stream;
    detail::check(ipc_popen_open(detail::c(spec), &stream));
    return Stream(stream);
}
/// "-|" reads from the command, "|-" writes to it.
inline Stream open(const std::string &mode, const Cmd &cmd) {
    ipc_stream *stream;
    detail::check(ipc_popen_start(cmd.get(), detail::c(mode), &stream));
    return Stream(stream);
}
/// The fork form: empty in the child.
inline Stream open_fork(const std::string &mode, bool threads_ok = false) {
    ipc_stream *stream;
    detail::check(ipc_popen_fork(detail::c(mode), threads_ok, &stream));
    return Stream(stream);
}

/// The two or three ends of a command. All are empty in the child of a fork form.
struct Talk {
    Stream reader, writer, error;
    int32_t pid;
};
inline Talk open2(const Cmd &cmd) {
    ipc_stream *reader, *writer;
    int32_t pid = detail::check(ipc_open2(cmd.get(), &reader, &writer));
    return {Stream(reader), Stream(writer), Stream(), pid};
}
/// Without `apart` errors come with the output.
inline Talk open3(const Cmd &cmd, bool apart = true) {
    ipc_stream *writer, *reader, *error = nullptr;
    int32_t pid = detail::check(ipc_open3(cmd.get(), &writer, &reader, apart ? &error : nullptr));
    return {Stream(reader), Stream(writer), Stream(error), pid};
}
inline Talk open2_fork(bool threads_ok = false) {
    ipc_stream *reader, *writer;
    int32_t pid = detail::check(ipc_open2_fork(threads_ok, &reader, &writer));
    return {Stream(reader), Stream(writer), Stream(), pid};
}
inline Talk open3_fork(bool apart = true, bool threads_ok = false) {
    ipc_stream *writer, *reader, *error = nullptr;
    int32_t pid = detail::check(ipc_open3_fork(threads_ok, &writer, &reader, apart ? &error : nullptr));
    return {Stream(reader), Stream(writer), Stream(error), pid};
}

// ---- capture, pipeline ---------------------------------------------------------------------------------------------

/// What a finished child, or the children of a pipeline, said, and how they ended. Copies share it.
class Capture {
public:
    explicit Capture(ipc_capture *handle = nullptr) : handle_(handle, detail::Free()) {}

    std::string output() const {
        size_t len = 0;
        const void *data = ipc_capture_output(get(), &len);
        return detail::bytes(data, len);
    }
    std::string errors() const {
        size_t len = 0;
        const void *data = ipc_capture_errors(get(), &len);
        return detail::bytes(data, len);
    }
    Status status() const { return Status(ipc_capture_status(get())); }
    bool timed_out() const { return detail::check(ipc_capture_timed_out(get())) != 0; }
    /// How much of the input went out.
    int64_t fed() const { return detail::check(ipc_capture_fed(get())); }
    int64_t dropped(int fd = 1) const { return detail::check(ipc_capture_dropped(get(), fd)); }
    /// Of a pipeline.
    Status status(size_t stage) const {
        int32_t status = -1;
        detail::check(ipc_pipeline_status(get(), stage, &status));
        return Status(status);
    }
    bool ok(size_t stage) const { return detail::check(ipc_pipeline_ok(get(), stage)) != 0; }
    explicit operator bool() const { return handle_ != nullptr; }
    ipc_capture *get() const { return handle_.get(); }

private:
    std::shared_ptr<ipc_capture> handle_;
};

/// A capture that did not come to its end, with what came until then; empty when nothing was started.
class CaptureError : public Error {
public:
    CaptureError(int32_t result, Capture capture) : Error(result), capture_(std::move(capture)) {}
    const Capture &capture() const noexcept { return capture_; }

private:
    Capture capture_;
};

namespace detail {
inline Capture heard(int32_t result, ipc_capture *handle) {
    Capture capture(handle);
    rethrow(result);
    if (result < 0) throw CaptureError(result, std::move(capture));
    return capture;
}
} // namespace detail

/// Perl's backticks, with this process's standard input.
inline Capture capture(const Cmd &cmd, milliseconds time = forever) {
    ipc_capture *capture;
    int32_t result = ipc_capture_run(cmd.get(), nullptr, 0, detail::limit(time), &capture);
    return detail::heard(result, capture);
}
inline Capture capture(const Cmd &cmd, const std::string &input, milliseconds time = forever) {
    ipc_capture *capture;
    int32_t result = ipc_capture_run(cmd.get(), input.data(), input.size(), detail::limit(time), &capture);
    return detail::heard(result, capture);
}
/// A whole talk over the streams of open2 or open3, without the deadlock.
inline Capture feed(Talk &talk, const std::string &input, milliseconds time = forever) {
    ipc_capture *capture;
    int32_t result = ipc_capture_feed(talk.writer.get(), input.data(), input.size(), talk.reader.get(), talk.error.get(),
                                      detail::limit(time), &capture);
    return detail::heard(result, capture);
}
/// The same in pieces: with the descriptor (1 or 2) that each came from. `piece` says whether to go on.
inline bool feed_each(Talk &talk, const std::string &input, const std::function<bool(int fd, const char *data, size_t len)> &piece,
                      milliseconds time = forever) {
    auto run = [](int32_t fd, const void *data, size_t len, void *userdata) -> int32_t {
        auto &call = *static_cast<const std::function<bool(int, const char *, size_t)> *>(userdata);
        bool on = false;
        int32_t result = detail::kept([&] { on = call(fd, static_cast<const char *>(data), len); });
        return result < 0 ? result : !on;
    };
    return detail::check(ipc_capture_each(talk.writer.get(), input.data(), input.size(), talk.reader.get(), talk.error.get(),
                                          detail::limit(time), run,
                                          const_cast<std::function<bool(int, const char *, size_t)> *>(&piece))) == 0;
}

/// Commands side by side, each one's output the next one's input. Without input: this process's.
inline Capture pipeline(const std::vector<const Cmd *> &cmds, const std::string *input = nullptr, milliseconds time = forever) {
    std::vector<const ipc_cmd *> handles;
    for (const Cmd *cmd : cmds) handles.push_back(cmd->get());
    ipc_capture *capture;
    int32_t result = ipc_pipeline_run(handles.data(), handles.size(), input ? input->data() : nullptr, input ? input->size() : 0,
                                      detail::limit(time), &capture);
    return detail::heard(result, capture);
}

// ---- pty, expect ---------------------------------------------------------------------------------------------------

inline Stream open_pty(const Cmd &cmd, int rows = 24, int cols = 80) {
    ipc_stream *stream;
    detail::check(ipc_pty_open(cmd.get(), rows, cols, &stream));
    return Stream(stream);
}
/// The byte of a key with Control held: control("c") is 3.
inline char control(const std::string &key) { return static_cast<char>(detail::check(ipc_pty_control(detail::c(key)))); }

/// A list of patterns; each gives its index. What was found: Stream::before, Stream::match.
class Expect {
public:
    Expect() : handle_(ipc_expect_new()) {}
    int text(const std::string &bytes) { return detail::check(ipc_expect_text(get(), bytes.data(), bytes.size())); }
    int regex(const std::string &pattern) { return detail::check(ipc_expect_regex(get(), detail::c(pattern))); }
    int eof() { return detail::check(ipc_expect_eof(get())); }
    int timeout() { return detail::check(ipc_expect_timeout(get())); }
    void settled(bool on) { detail::check(ipc_expect_settled(get(), on)); }
    void window(size_t size) { detail::check(ipc_expect_window(get(), size)); }
    void limit(milliseconds time) { detail::check(ipc_expect_limit(get(), detail::limit(time))); }
    /// By the list's own limit, 30 seconds at first.
    int wait(Stream &stream) const { return detail::check(ipc_expect_wait(get(), stream.get(), PERLIPC_DEFAULT)); }
    int wait(Stream &stream, milliseconds time) const {
        return detail::check(ipc_expect_wait(get(), stream.get(), detail::limit(time)));
    }
    ipc_expect *get() const { return handle_.get(); }

private:
    detail::Handle<ipc_expect> handle_;
};

/// The user's terminal joined with a child's pty.
class Interact {
public:
    /// Is told what matched; 0 goes on, a greater number ends run, which returns it.
    using Seen = std::function<int(const std::string &matched)>;

    Interact() : handle_(ipc_interact_new()) {}
    /// The key that ends it, Control-] at first; -1: none.
    void escape(int byte) { detail::check(ipc_interact_escape(get(), byte)); }
    void terminal(int input, int output) { detail::check(ipc_interact_terminal(get(), input, output)); }
    /// A key, or several in a row, that the child does not get. Its number; without a callback run returns that.
    int key(const std::string &bytes, Seen seen = nullptr) {
        ipc_interact_fn call = keep(seen);
        return detail::check(ipc_interact_key(get(), bytes.data(), bytes.size(), call, kept(call)));
    }
    int input(const std::string &pattern, Seen seen = nullptr) {
        ipc_interact_fn call = keep(seen);
        return detail::check(ipc_interact_input(get(), detail::c(pattern), call, kept(call)));
    }
    int output(const std::string &pattern, Seen seen = nullptr) {
        ipc_interact_fn call = keep(seen);
        return detail::check(ipc_interact_output(get(), detail::c(pattern), call, kept(call)));
    }
    /// A PERLIPC_INTERACT_*, a pattern's number, or what a callback returned.
    int run(Stream &stream, milliseconds time = forever) {
        return detail::check(ipc_interact_run(get(), stream.get(), detail::limit(time)));
    }
    std::string match(int group = 0) const {
        size_t len = 0;
        const void *data = ipc_interact_match(get(), group, &len);
        return detail::bytes(data, len);
    }
    ipc_interact *get() const { return handle_.get(); }

private:
    ipc_interact_fn keep(Seen &seen) {
        if (!seen) return nullptr;
        seen_.push_back(std::unique_ptr<Seen>(new Seen(std::move(seen))));
        return [](ipc_stream *, const void *data, size_t len, void *userdata) -> int32_t {
            int32_t result = PERLIPC_E_HANDLER;
            detail::kept([&] { result = (*static_cast<Seen *>(userdata))(detail::bytes(data, len)); });
            return result;
        };
    }
    void *kept(ipc_interact_fn call) const { return call ? seen_.back().get() : nullptr; }
    std::vector<std::unique_ptr<Seen>> seen_;
    detail::Handle<ipc_interact> handle_;
};

// ---- fifo, flock ---------------------------------------------------------------------------------------------------

namespace fifo {
inline void make(const std::string &path, uint32_t mode = 0600) { detail::check(ipc_fifo_make(detail::c(path), mode)); }
inline std::string make_private() {
    return detail::text([](char *to, size_t cap) { return ipc_fifo_private(to, cap); });
}
inline bool is(const std::string &path) { return detail::check(ipc_fifo_is(detail::c(path))) != 0; }
/// "<", ">", "+<".
inline Stream open(const std::string &path, const std::string &mode, milliseconds time = forever) {
    ipc_stream *stream;
    detail::check(ipc_fifo_open(detail::c(path), detail::c(mode), detail::limit(time), &stream));
    return Stream(stream);
}
} // namespace fifo

/// "SH", "EX", "UN".
inline void flock(int fd, const std::string &mode, milliseconds time = forever) {
    detail::check(ipc_flock(fd, detail::c(mode), detail::limit(time)));
}

// ---- sysv, sem, shm, msg: by id; none is removed by a destructor ---------------------------------------------------

inline int32_t ftok(const std::string &path, int32_t id = 1) {
    int32_t key;
    detail::check(ipc_ftok(detail::c(path), id, &key));
    return key;
}
inline int32_t sysv_key(const std::string &name) {
    int32_t key;
    detail::check(ipc_sysv_key(detail::c(name), &key));
    return key;
}
inline int64_t sysv_limit(const std::string &name) { return detail::check(ipc_sysv_limit(detail::c(name))); }
inline std::string sysv_list() { return detail::text(ipc_sysv_list); }

/// A set of semaphores.
class Sem {
public:
    explicit Sem(int32_t id) : id_(id) {}
    static Sem get(int32_t key, int32_t count, uint32_t flags) { return Sem(detail::check(ipc_sem_get(key, count, flags))); }
    static Sem create(int32_t key, const std::vector<int32_t> &values, uint32_t mode = 0600) {
        return Sem(detail::check(ipc_sem_create(key, values.data(), static_cast<int32_t>(values.size()), mode)));
    }
    static Sem attach(int32_t key, milliseconds time = forever) {
        return Sem(detail::check(ipc_sem_attach(key, detail::limit(time))));
    }
    static Sem open(int32_t key, const std::vector<int32_t> &values, uint32_t mode = 0600, milliseconds time = forever) {
        return Sem(detail::check(
            ipc_sem_open(key, values.data(), static_cast<int32_t>(values.size()), mode, detail::limit(time))));
    }
    static Sem named(const std::string &name, const std::vector<int32_t> &values, uint32_t mode = 0600, milliseconds time = forever) {
        return Sem(detail::check(
            ipc_sem_named(detail::c(name), values.data(), static_cast<int32_t>(values.size()), mode, detail::limit(time))));
    }
    int32_t id() const { return id_; }
    /// Triples of semaphore, change, flags: all at once or not at all.
    void op(const std::vector<int16_t> &triples, milliseconds time = forever) const {
        detail::check(ipc_sem_op(id_, triples.data(), triples.size() / 3, detail::limit(time)));
    }
    void take(int index = 0, milliseconds time = forever) const {
        detail::check(ipc_sem_take(id_, index, detail::limit(time)));
    }
    void give(int index = 0) const { detail::check(ipc_sem_give(id_, index)); }
    void take_undo(int index = 0, milliseconds time = forever) const {
        detail::check(ipc_sem_take_undo(id_, index, detail::limit(time)));
    }
    void give_undo(int index = 0) const { detail::check(ipc_sem_give_undo(id_, index)); }
    int value(int index = 0) const { return detail::check(ipc_sem_value(id_, index)); }
    void set(int index, int value) const { detail::check(ipc_sem_set(id_, index, value)); }
    std::vector<int32_t> values() const {
        std::vector<int32_t> values(static_cast<size_t>(stat("nsems")));
        detail::check(ipc_sem_values(id_, values.data(), static_cast<int32_t>(values.size())));
        return values;
    }
    void set_values(const std::vector<int32_t> &values) const {
        detail::check(ipc_sem_set_values(id_, values.data(), static_cast<int32_t>(values.size())));
    }
    int32_t pid(int index = 0) const { return detail::check(ipc_sem_pid(id_, index)); }
    int waiting(int index = 0, bool for_zero = false) const { return detail::check(ipc_sem_waiting(id_, index, for_zero)); }
    int64_t stat(const std::string &field) const { return detail::check(ipc_sem_stat(id_, detail::c(field))); }
    void change(const std::string &field, int64_t value) const { detail::check(ipc_sem_change(id_, detail::c(field), value)); }
    void remove() const { detail::check(ipc_sem_remove(id_)); }

private:
    int32_t id_;
};

/// Attached shared memory, detached at the end of its scope.
class Attached {
public:
    explicit Attached(void *data, size_t size) : data_(data), size_(size) {}
    void *data() const { return data_.get(); }
    size_t size() const { return size_; }

private:
    struct Detach {
        void operator()(void *data) const { ipc_shm_detach(data); }
    };
    std::unique_ptr<void, Detach> data_;
    size_t size_;
};

/// A segment of shared memory.
class Shm {
public:
    explicit Shm(int32_t id) : id_(id) {}
    static Shm get(int32_t key, size_t size, uint32_t flags) { return Shm(detail::check(ipc_shm_get(key, size, flags))); }
    static Shm named(const std::string &name, size_t size, uint32_t mode = 0600) {
        return Shm(detail::check(ipc_shm_named(detail::c(name), size, mode)));
    }
    int32_t id() const { return id_; }
    std::string read(size_t pos, size_t len) const {
        std::string data(len, '\0');
        detail::check(ipc_shm_read(id_, &data[0], pos, len));
        return data;
    }
    void write(const std::string &data, size_t pos = 0) const {
        detail::check(ipc_shm_write(id_, data.data(), pos, data.size()));
    }
    bool forget() const { return detail::check(ipc_shm_forget(id_)) != 0; }
    Attached attach(uint32_t flags = 0) const {
        void *addr;
        size_t size = 0;
        detail::check(ipc_shm_attach(id_, flags, &addr, &size));
        return Attached(addr, size);
    }
    int64_t stat(const std::string &field) const { return detail::check(ipc_shm_stat(id_, detail::c(field))); }
    void change(const std::string &field, int64_t value) const { detail::check(ipc_shm_change(id_, detail::c(field), value)); }
    void remove() const { detail::check(ipc_shm_remove(id_)); }

private:
    int32_t id_;
};

struct Message {
    int64_t type;
    std::string data;
};

/// A message queue.
class Msg {
public:
    explicit Msg(int32_t id) : id_(id) {}
    static Msg get(int32_t key, uint32_t flags) { return Msg(detail::check(ipc_msg_get(key, flags))); }
    static Msg named(const std::string &name, uint32_t mode = 0600) {
        return Msg(detail::check(ipc_msg_named(detail::c(name), mode)));
    }
    int32_t id() const { return id_; }
    void send(int64_t type, const std::string &data, milliseconds time = forever, uint32_t flags = 0) const {
        detail::check(ipc_msg_send(id_, type, data.data(), data.size(), flags, detail::limit(time)));
    }
    /// Of whatever length: what does not fit stays in the queue for the next try.
    Message recv(int64_t type = 0, milliseconds time = forever, uint32_t flags = 0) const {
        Message message{0, std::string(8192, '\0')};
        for (;; message.data.resize(message.data.size() * 8)) {
            int64_t len =
                ipc_msg_recv(id_, type, &message.data[0], message.data.size(), flags, detail::limit(time), &message.type);
            if (len == -E2BIG && message.data.size() < (size_t(1) << 30)) continue;
            message.data.resize(std::min(static_cast<size_t>(detail::check(len)), message.data.size()));
            return message;
        }
    }
    int64_t stat(const std::string &field) const { return detail::check(ipc_msg_stat(id_, detail::c(field))); }
    void change(const std::string &field, int64_t value) const { detail::check(ipc_msg_change(id_, detail::c(field), value)); }
    void remove() const { detail::check(ipc_msg_remove(id_)); }

private:
    int32_t id_;
};

// ---- lock, value ---------------------------------------------------------------------------------------------------

/// A lock that processes share; with std::unique_lock and std::lock_guard too.
class Lock {
public:
    /// "": of this process and the children that it forks.
    explicit Lock(const std::string &name = "", uint32_t mode = 0600) {
        ipc_lock *lock;
        detail::check(ipc_lock_open(detail::or_null(name), mode, &lock));
        handle_.reset(lock);
    }
    /// True when its holder died with it, and what it guards may be half done.
    bool take(milliseconds time = forever) { return detail::check(ipc_lock_take(get(), detail::limit(time))) == 1; }
    void give() { detail::check(ipc_lock_give(get())); }
    void lock() { take(); }
    bool try_lock() {
        int32_t result = ipc_lock_take(get(), 0);
        return result != -ETIMEDOUT && detail::check(result) >= 0;
    }
    void unlock() { give(); }
    static void remove(const std::string &name) { detail::check(ipc_lock_remove(detail::c(name))); }
    ipc_lock *get() const { return handle_.get(); }

private:
    detail::Handle<ipc_lock> handle_;
};

/// A semaphore without the limits of System V's.
class Futex {
public:
    /// "": of this process and the children that it forks.
    explicit Futex(const std::string &name = "", uint32_t value = 1, uint32_t mode = 0600) {
        ipc_futex *futex;
        detail::check(ipc_futex_open(detail::or_null(name), value, mode, &futex));
        handle_.reset(futex);
    }
    void take(milliseconds time = forever) { detail::check(ipc_futex_take(get(), detail::limit(time))); }
    void give() { detail::check(ipc_futex_give(get())); }
    int value() const { return detail::check(ipc_futex_value(get())); }
    static void remove(const std::string &name) { detail::check(ipc_futex_remove(detail::c(name))); }
    ipc_futex *get() const { return handle_.get(); }

private:
    detail::Handle<ipc_futex> handle_;
};

/// Bytes that processes share: always a whole value.
class Value {
public:
    Value(const std::string &name, size_t size, uint32_t mode = 0600) : size_(size) {
        ipc_value *value;
        detail::check(ipc_value_open(detail::or_null(name), size, mode, &value));
        handle_.reset(value);
    }
    std::string read() {
        std::string data(size_, '\0');
        data.resize(static_cast<size_t>(detail::check(ipc_value_read(get(), &data[0], data.size()))));
        return data;
    }
    void write(const std::string &data) { detail::check(ipc_value_write(get(), data.data(), data.size())); }
    int64_t version() const { return detail::check(ipc_value_version(get())); }
    bool take(milliseconds time = forever) { return detail::check(ipc_value_take(get(), detail::limit(time))) == 1; }
    void give() { detail::check(ipc_value_give(get())); }
    static void remove(const std::string &name) { detail::check(ipc_value_remove(detail::c(name))); }
    ipc_value *get() const { return handle_.get(); }

private:
    size_t size_;
    detail::Handle<ipc_value> handle_;
};

// ---- argv ----------------------------------------------------------------------------------------------------------

/// Many files as one stream of lines: Perl's <<>>, and <> with magic.
class Argv {
public:
    using Report = std::function<void(const std::string &name, int32_t code)>;

    explicit Argv(const std::vector<std::string> &names, bool magic = false) {
        ipc_argv *argv;
        detail::check(ipc_argv_open(detail::pointers(names).data(), magic, &argv));
        handle_.reset(argv);
    }
    /// Who is told of names that cannot be opened, in place of a line to standard error.
    void report(Report report) {
        report_.reset(new Report(std::move(report)));
        detail::check(ipc_argv_report(
            get(),
            [](const char *name, int32_t code, void *userdata) {
                // There is no way to give the call up here: what is thrown comes out at its end.
                detail::kept([&] { (*static_cast<Report *>(userdata))(name, code); });
            },
            report_.get()));
    }
    void push(const std::string &name) { detail::check(ipc_argv_push(get(), detail::c(name))); }
    void separator(const std::string &bytes) { detail::check(ipc_argv_separator(get(), bytes.data(), bytes.size())); }
    /// Records of a fixed size.
    void record(size_t size) { detail::check(ipc_argv_record(get(), size)); }
    /// Each file whole.
    void whole() { detail::check(ipc_argv_separator(get(), nullptr, 0)); }
    /// False after the last file.
    bool getline(std::string &line) {
        const char *data;
        int64_t len = ipc_argv_readline(get(), &data);
        if (detail::thrown()) detail::rethrow(PERLIPC_E_HANDLER);
        line.assign(data ? data : "", static_cast<size_t>(detail::check(len)));
        return data != nullptr;
    }
    std::string name() const {
        const char *name = ipc_argv_name(get());
        return name ? name : "";
    }
    int64_t lineno() const { return detail::check(ipc_argv_lineno(get())); }
    bool eof() { return detail::check(ipc_argv_eof(get())) != 0; }
    bool eof_all() { return detail::check(ipc_argv_eof_all(get())) != 0; }
    Status close() {
        int32_t status = -1;
        return detail::ended(ipc_argv_close(get(), &status), status);
    }
    ipc_argv *get() const { return handle_.get(); }

private:
    std::unique_ptr<Report> report_;
    detail::Handle<ipc_argv> handle_;
};

// ---- addr ----------------------------------------------------------------------------------------------------------

namespace addr {
/// "" as host is this machine, "" as service port 0.
inline std::string resolve(const std::string &host, const std::string &service, milliseconds time = forever) {
    return detail::text([&](char *to, size_t cap) {
        return ipc_addr_resolve(detail::or_null(host), detail::or_null(service), detail::limit(time), to, cap);
    });
}
inline std::vector<std::string> resolve_all(const std::string &host, const std::string &service, milliseconds time = forever) {
    std::string text = detail::text([&](char *to, size_t cap) {
        return ipc_addr_resolve_all(detail::or_null(host), detail::or_null(service), detail::limit(time), to, cap);
    });
    std::vector<std::string> all;
    for (size_t at = 0, end; at <= text.size(); at = end + 1) {
        end = std::min(text.find('\n', at), text.size());
        all.push_back(text.substr(at, end - at));
    }
    return all;
}
inline std::string name(const std::string &addr, milliseconds time = forever) {
    return detail::text([&](char *to, size_t cap) { return ipc_addr_name(detail::c(addr), detail::limit(time), to, cap); });
}
/// "" as protocol: of any.
inline int service(const std::string &name, const std::string &protocol = "") {
    return detail::check(ipc_addr_service(detail::c(name), detail::or_null(protocol)));
}
inline std::string service_name(int number, const std::string &protocol = "") {
    return detail::text(
        [&](char *to, size_t cap) { return ipc_addr_service_name(number, detail::or_null(protocol), to, cap); });
}
inline int protocol(const std::string &name) { return detail::check(ipc_addr_protocol(detail::c(name))); }
inline std::string protocol_name(int number) {
    return detail::text([&](char *to, size_t cap) { return ipc_addr_protocol_name(number, to, cap); });
}
/// The kernel's struct sockaddr.
inline std::string pack(const std::string &addr) {
    return detail::text([&](char *to, size_t cap) { return ipc_addr_pack(detail::c(addr), to, cap); });
}
inline std::string unpack(const std::string &sockaddr) {
    return detail::text([&](char *to, size_t cap) { return ipc_addr_unpack(sockaddr.data(), sockaddr.size(), to, cap); });
}
} // namespace addr

// ---- tcp, unix, listener, dgram ------------------------------------------------------------------------------------

/// "" as host is this machine.
inline Stream tcp_connect(const std::string &host, const std::string &service, milliseconds time = forever,
                          const std::string &options = "") {
    ipc_stream *stream;
    detail::check(ipc_tcp_connect(detail::or_null(host), detail::c(service), detail::c(options), detail::limit(time), &stream));
    return Stream(stream);
}
inline Stream unix_connect(const std::string &path, milliseconds time = forever, const std::string &options = "") {
    ipc_stream *stream;
    detail::check(ipc_unix_connect(detail::c(path), detail::c(options), detail::limit(time), &stream));
    return Stream(stream);
}
inline std::pair<Stream, Stream> unix_pair() {
    ipc_stream *one, *other;
    detail::check(ipc_unix_pair(&one, &other));
    return {Stream(one), Stream(other)};
}
inline bool unix_is(const std::string &path) { return detail::check(ipc_unix_is(detail::c(path))) != 0; }

struct Peer {
    int32_t pid;
    uint32_t uid, gid;
};
/// Who is at the other end of a Unix stream.
inline Peer unix_peer(const Stream &stream) {
    Peer peer;
    detail::check(ipc_unix_peer(stream.get(), &peer.pid, &peer.uid, &peer.gid));
    return peer;
}
/// The same as a pidfd, the caller's to close.
inline int unix_peer_pidfd(const Stream &stream) { return detail::check(ipc_unix_peer_pidfd(stream.get())); }

/// A socket that others connect to.
class Listener {
public:
    Listener() = default;
    explicit Listener(ipc_listener *handle) : handle_(handle) {}
    static Listener adopt(int fd) {
        ipc_listener *listener;
        detail::check(ipc_listener_adopt(fd, &listener));
        return Listener(listener);
    }
    /// The next one that whoever started this program has opened for it; empty when there is none any more.
    static Listener inherited() {
        ipc_listener *listener;
        detail::check(ipc_listener_inherited(&listener));
        return Listener(listener);
    }
    Stream accept(milliseconds time = forever) {
        ipc_stream *stream;
        detail::check(ipc_listener_accept(get(), detail::limit(time), &stream));
        return Stream(stream);
    }
    std::string addr() const {
        return detail::text([this](char *to, size_t cap) { return ipc_listener_addr(get(), to, cap); });
    }
    int port() const { return detail::check(ipc_listener_port(get())); }
    void option(const std::string &name, int value) { detail::check(ipc_listener_option(get(), detail::c(name), value)); }
    int option(const std::string &name) const {
        int32_t value = 0;
        detail::check(ipc_listener_option_value(get(), detail::c(name), &value));
        return value;
    }
    int fd() const { return detail::check(ipc_listener_fd(get())); }
    void cancel() { detail::check(ipc_listener_cancel(get())); }
    explicit operator bool() const { return handle_ != nullptr; }
    ipc_listener *get() const { return handle_.get(); }
    /// For who takes it over.
    ipc_listener *release() { return handle_.release(); }

private:
    detail::Handle<ipc_listener> handle_;
};

/// "" as host is any address, "" as service a port of the kernel's choice.
inline Listener tcp_listen(const std::string &host, const std::string &service, const std::string &options = "") {
    ipc_listener *listener;
    detail::check(ipc_tcp_listen(detail::or_null(host), detail::or_null(service), detail::c(options), &listener));
    return Listener(listener);
}
inline Listener unix_listen(const std::string &path, const std::string &options = "") {
    ipc_listener *listener;
    detail::check(ipc_unix_listen(detail::c(path), detail::c(options), &listener));
    return Listener(listener);
}

/// One message, from whom, and its true length, which is more than its data when it was cut.
struct Datagram {
    std::string data, from;
    size_t len;
};

/// A socket for messages.
class Dgram {
public:
    explicit Dgram(ipc_dgram *handle) : handle_(handle) {}
    void connect(const std::string &addr) { detail::check(ipc_dgram_connect(get(), detail::c(addr))); }
    /// "": to the connected peer.
    void send(const std::string &data, const std::string &addr = "", milliseconds time = forever) {
        detail::check(ipc_dgram_send(get(), data.data(), data.size(), detail::or_null(addr), detail::limit(time)));
    }
    Datagram recv(milliseconds time = forever, size_t cap = 65536) { return received(ipc_dgram_recv, time, cap); }
    /// The same, and the message stays.
    Datagram peek(milliseconds time = forever, size_t cap = 65536) { return received(ipc_dgram_peek, time, cap); }
    /// "" as interface: where the routes lead.
    void join(const std::string &group, const std::string &interface = "") {
        detail::check(ipc_dgram_join(get(), detail::c(group), detail::or_null(interface)));
    }
    void leave(const std::string &group, const std::string &interface = "") {
        detail::check(ipc_dgram_leave(get(), detail::c(group), detail::or_null(interface)));
    }
    void multicast(int ttl, int heard_here = -1, const std::string &interface = "") {
        detail::check(ipc_dgram_multicast(get(), ttl, heard_here, detail::or_null(interface)));
    }
    void option(const std::string &name, int value) { detail::check(ipc_dgram_option(get(), detail::c(name), value)); }
    int option(const std::string &name) const {
        int32_t value = 0;
        detail::check(ipc_dgram_option_value(get(), detail::c(name), &value));
        return value;
    }
    std::string peer() const {
        return detail::text([this](char *to, size_t cap) { return ipc_dgram_peer(get(), to, cap); });
    }
    std::string addr() const {
        return detail::text([this](char *to, size_t cap) { return ipc_dgram_addr(get(), to, cap); });
    }
    int fd() const { return detail::check(ipc_dgram_fd(get())); }
    void cancel() { detail::check(ipc_dgram_cancel(get())); }
    ipc_dgram *get() const { return handle_.get(); }

private:
    template <class Call> Datagram received(Call call, milliseconds time, size_t cap) {
        Datagram got{std::string(cap, '\0'), "", 0};
        const char *from;
        got.len = static_cast<size_t>(detail::check(call(get(), &got.data[0], cap, detail::limit(time), &from)));
        got.data.resize(std::min(got.len, cap));
        got.from = from;
        return got;
    }
    detail::Handle<ipc_dgram> handle_;
};

inline Dgram udp_open(const std::string &host = "", const std::string &service = "", const std::string &options = "") {
    ipc_dgram *dgram;
    detail::check(ipc_udp_open(detail::or_null(host), detail::or_null(service), detail::c(options), &dgram));
    return Dgram(dgram);
}
/// "": without a name.
inline Dgram dgram_unix(const std::string &path = "", const std::string &options = "") {
    ipc_dgram *dgram;
    detail::check(ipc_dgram_unix(detail::or_null(path), detail::c(options), &dgram));
    return Dgram(dgram);
}

inline std::pair<Dgram, Dgram> dgram_pair() {
    ipc_dgram *one, *other;
    detail::check(ipc_dgram_pair(&one, &other));
    return {Dgram(one), Dgram(other)};
}

/// Many messages by one system call.
class Batch {
public:
    /// With room to receive up to `most` messages of up to `size` bytes.
    explicit Batch(int most = 0, size_t size = 0) : size_(size), handle_(ipc_batch_new(most, size)) {}
    /// How many wait to be sent. "": to the connected peer.
    int add(const std::string &data, const std::string &addr = "") {
        return detail::check(ipc_batch_add(get(), data.data(), data.size(), detail::or_null(addr)));
    }
    int send(Dgram &dgram, milliseconds time = forever) {
        return detail::check(ipc_batch_send(get(), dgram.get(), detail::limit(time)));
    }
    void clear() { detail::check(ipc_batch_clear(get())); }
    /// How many came; message gives each.
    int recv(Dgram &dgram, milliseconds time = forever) {
        return detail::check(ipc_batch_recv(get(), dgram.get(), detail::limit(time)));
    }
    Datagram message(int i) const {
        const void *data;
        const char *from;
        Datagram got;
        got.len = static_cast<size_t>(detail::check(ipc_batch_message(get(), i, &data, &from)));
        got.data = detail::bytes(data, std::min(got.len, size_));
        got.from = from;
        return got;
    }
    ipc_batch *get() const { return handle_.get(); }

private:
    size_t size_;
    detail::Handle<ipc_batch> handle_;
};

// ---- poll ----------------------------------------------------------------------------------------------------------

/// One loop for streams, children, listeners, datagrams, signals and descriptors, each under a tag.
class Poll {
public:
    struct Ready {
        int64_t tag;
        uint32_t events;
    };

    Poll() : handle_(ipc_poll_new()) {}
    void stream(Stream &stream, uint32_t events, int64_t tag) { detail::check(ipc_poll_stream(get(), stream.get(), events, tag)); }
    void child(Child &child, int64_t tag) { detail::check(ipc_poll_child(get(), child.get(), tag)); }
    void listener(Listener &listener, int64_t tag) { detail::check(ipc_poll_listener(get(), listener.get(), tag)); }
    void dgram(Dgram &dgram, uint32_t events, int64_t tag) { detail::check(ipc_poll_dgram(get(), dgram.get(), events, tag)); }
    void signals(int64_t tag) { detail::check(ipc_poll_signals(get(), tag)); }
    void fd(int fd, uint32_t events, int64_t tag) { detail::check(ipc_poll_fd(get(), fd, events, tag)); }
    void change(int64_t tag, uint32_t events) { detail::check(ipc_poll_change(get(), tag, events)); }
    int remove(int64_t tag) { return detail::check(ipc_poll_remove(get(), tag)); }
    int count() const { return detail::check(ipc_poll_count(get())); }
    /// False when the set is empty, so that nothing can ever come.
    bool next(Ready &ready, milliseconds time = forever) {
        return detail::check(ipc_poll_next(get(), detail::limit(time), &ready.tag, &ready.events)) == 1;
    }
    void cancel() { detail::check(ipc_poll_cancel(get())); }
    ipc_poll *get() const { return handle_.get(); }

private:
    detail::Handle<ipc_poll> handle_;
};

// ---- server --------------------------------------------------------------------------------------------------------

/// A server around a listener, which it takes over.
class Server {
public:
    /// Its result is the exit code; an exception is code 255, and is gone with its process.
    using Serve = std::function<int(int client_fd)>;
    using Log = std::function<void(const std::string &event, int32_t pid, Status status, const std::string &text)>;

    explicit Server(Listener listener) : handle_(ipc_server_new(listener.release())) {}

    Server &handler(Serve serve) {
        serve_.reset(new Serve(std::move(serve)));
        auto run = [](int32_t fd, void *userdata) -> int32_t {
            int32_t code = 255;
            detail::kept([&] { code = (*static_cast<Serve *>(userdata))(fd); });
            return code;
        };
        return detail::check(ipc_server_handler(get(), run, serve_.get())), *this;
    }
    Server &exec(const Cmd &cmd) { return detail::check(ipc_server_exec(get(), cmd.get())), *this; }
    Server &limit(int children) { return detail::check(ipc_server_limit(get(), children)), *this; }
    Server &prefork(int children) { return detail::check(ipc_server_prefork(get(), children)), *this; }
    Server &iterative(bool on = true) { return detail::check(ipc_server_iterative(get(), on)), *this; }
    /// "": no signal stops it.
    Server &drain(const std::string &signal, milliseconds time) {
        return detail::check(ipc_server_drain(get(), detail::or_null(signal), detail::limit(time))), *this;
    }
    Server &each(milliseconds time) { return detail::check(ipc_server_each(get(), detail::limit(time))), *this; }
    Server &user(const std::string &user, const std::string &group = "") {
        return detail::check(ipc_server_user(get(), detail::c(user), detail::or_null(group))), *this;
    }
    Server &log(Log log) {
        log_.reset(new Log(std::move(log)));
        auto run = [](const char *event, int32_t pid, int32_t status, const char *text, void *userdata) {
            detail::kept([&] { (*static_cast<Log *>(userdata))(event, pid, Status(status), text ? text : ""); });
        };
        return detail::check(ipc_server_log(get(), run, log_.get())), *this;
    }
    /// True when all was finished in time. What a log has thrown comes out here.
    bool run() {
        int32_t result = ipc_server_run(get());
        if (detail::thrown()) detail::rethrow(PERLIPC_E_HANDLER);
        return detail::check(result) == 1;
    }
    int64_t count(const std::string &what) const { return detail::check(ipc_server_count(get(), detail::c(what))); }
    void stop() { detail::check(ipc_server_stop(get())); }
    ipc_server *get() const { return handle_.get(); }

private:
    std::unique_ptr<Serve> serve_;
    std::unique_ptr<Log> log_;
    detail::Handle<ipc_server> handle_;
};

// ---- user, daemon --------------------------------------------------------------------------------------------------

inline void user_drop(const std::string &user, const std::string &group = "") {
    detail::check(ipc_user_drop(detail::c(user), detail::or_null(group)));
}
/// True in the daemon, false in the caller with "keep".
inline bool daemon(const std::string &options = "") { return detail::check(ipc_daemon_start(detail::c(options))) == 0; }

} // namespace perlipc

#endif
