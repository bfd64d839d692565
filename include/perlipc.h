/* perlipc 0.1.0: Perl's interprocess communication for every language.
 *
 * Written by the build from src/ffi: do not edit.
 *
 * Results: 0 or more is success, and often the answer; below 0 is -errno or a PERLIPC_E_*; errno is set as well.
 * Handles are opaque, and free(NULL) is nothing. Out-parameters come last; a failed call sets an out-handle to NULL.
 * timeout_ms: -1 waits for ever, 0 does not wait; running out is -ETIMEDOUT everywhere. Strings in are read during the
 * call only; strings and bytes out are borrowed from their handle. The whole of the rules: docs/c-api.md. */
#ifndef PERLIPC_H
#define PERLIPC_H

#include <stddef.h>
#include <stdint.h>

/* The version of this header, to compare in #if: major << 16 | minor << 8 | patch. */
#define PERLIPC_VERSION_MAJOR 0
#define PERLIPC_VERSION_MINOR 1
#define PERLIPC_VERSION_PATCH 0
#define PERLIPC_VERSION ((PERLIPC_VERSION_MAJOR << 16) | (PERLIPC_VERSION_MINOR << 8) | PERLIPC_VERSION_PATCH)

/* A result that must be looked at. */
#ifndef PERLIPC_NODISCARD
# if defined(__cplusplus) && __cplusplus >= 201703L
#  define PERLIPC_NODISCARD [[nodiscard]]
# elif defined(__GNUC__)
#  define PERLIPC_NODISCARD __attribute__((warn_unused_result))
# else
#  define PERLIPC_NODISCARD
# endif
#endif

/* A safe point in a loop: whether a handler is due, by the address that ipc_signal_due_word gave once. */
#define PERLIPC_SIGNAL_DUE(word) (*(const volatile uint64_t *)(word) != 0)

#ifdef __cplusplus
extern "C" {
#endif

/* A disposition to put back: Perl's `local`. */
typedef struct ipc_saved ipc_saved;

/* What to run; reusable. Setters keep the first failure, which start, run, exec and whatever opens it return. */
typedef struct ipc_cmd ipc_cmd;

/* One process; never means a stranger. All calls but free work from any thread at any moment. */
typedef struct ipc_child ipc_child;

/* A filehandle: a pipe's end, a child's output or input, a FIFO, a connected socket, a pty. One thread for each
 * direction at a time; cancel, close and fd work from any thread at any moment. */
typedef struct ipc_stream ipc_stream;

/* What a finished child said, and how it ended. */
typedef struct ipc_capture ipc_capture;

/* A list of patterns. Once it is built, any number of threads may wait with it, each on its stream. */
typedef struct ipc_expect ipc_expect;

/* The user's side of a conversation with a child. For one thread at a time; what a signal's handler inside ipc_interact_run asks
 * of it is PERLIPC_E_BUSY. */
typedef struct ipc_interact ipc_interact;

/* A lock that processes share. The thread that took it has it and gives it back; its end counts as the holder's death. */
typedef struct ipc_lock ipc_lock;

/* A semaphore that processes share, which makes no system call as long as nobody has to wait. It has no undo: who is
 * killed with a unit never gives it back. See ipc_sem_take_undo and ipc_lock for what outlives its holder. */
typedef struct ipc_futex ipc_futex;

/* Bytes that processes share, of any length up to a size. Readers never see a part of a value, and a writer that is
 * killed leaves the last whole one. */
typedef struct ipc_value ipc_value;

/* Many files as one stream of lines. For one thread at a time; inside a call of it, in a callback, all is PERLIPC_E_BUSY. */
typedef struct ipc_argv ipc_argv;

/* A socket that others connect to. All calls but free work from any thread. */
typedef struct ipc_listener ipc_listener;

/* A socket for messages: UDP or Unix datagrams. One thread at a time receives; sending works from any thread. */
typedef struct ipc_dgram ipc_dgram;

/* Messages that are to be sent, or that were received, by one system call. For one thread at a time. */
typedef struct ipc_batch ipc_batch;

/* A server around a listener. Only ipc_server_stop works while it runs, from any thread. */
typedef struct ipc_server ipc_server;

/* Things to wait for at once, each with a tag of the caller's. What is closed or freed is out of it, but for bare
 * descriptors, which nobody tells it of: take those out before they are closed. Entering, changing and removing work from
 * any thread at any moment, also while another one waits; one thread at a time waits. */
typedef struct ipc_poll ipc_poll;

/* ---- version: of the library, and what this kernel gives it ----------------------------------------------------- */

/* The library's version as a number to compare: major << 16 | minor << 8 | patch, as PERLIPC_VERSION has it.
 *
 * Returns: the number.
 * Errors: none.
 * Threads: any.
 * Blocks: no.
 * Perl: $^V. */
uint32_t ipc_version(void);

/* The library's version as text.
 *
 * Returns: "0.1.0". Valid for ever.
 * Errors: none.
 * Threads: any.
 * Blocks: no.
 * Perl: $^V. */
const char *ipc_version_string(void);

/* Whether this kernel gives what a guarantee rests on: "clone3", "close-range", "pidfd", "pidfd-exit" (the status
 * survives a stranger's waitpid), "nowait" (reads of pipes that cannot block), "nosignal" (writes without SIGPIPE).
 * Without one a slower way is taken; without "pidfd-exit" such a status is unknown.
 *
 * Returns: 1 or 0.
 * Errors: PERLIPC_E_INVALID for an unknown word.
 * Threads: any.
 * Blocks: no.
 * Perl: none. */
int32_t ipc_version_has(const char *feature);

/* ---- error: result codes, and what failed last ------------------------------------------------------------------ */

/* The handler of a signal gave the call up. */
#define PERLIPC_E_HANDLER (-10001)

/* Another thread cancelled the call. */
#define PERLIPC_E_CANCELED (-10002)

/* The stream is closed. */
#define PERLIPC_E_CLOSED (-10003)

/* The object is in use: by another thread in the same direction, or by the call that this handler interrupted. */
#define PERLIPC_E_BUSY (-10004)

/* Bad input, found before anything was done; ipc_error_last_text says what. */
#define PERLIPC_E_INVALID (-10005)

/* A fork form in a process with several threads. */
#define PERLIPC_E_THREADS (-10006)

/* A record is longer than the limit of its stream. */
#define PERLIPC_E_TOO_LONG (-10007)

/* The status has no such thing: no exit code of a killed process, say. */
#define PERLIPC_E_STATUS (-10008)

/* A taint check refused: ipc_error_last_text names what is not safe. */
#define PERLIPC_E_INSECURE (-10010)

/* A defect of this library. */
#define PERLIPC_E_DEFECT (-10009)

/* A host, service or protocol that could not be found; errno is ENOENT, or EAGAIN when nobody answered. */
#define PERLIPC_E_LOOKUP (-10020)

/* The name of a result code or an errno (either sign).
 *
 * Returns: "ENOENT", "PERLIPC_E_BUSY"; "?" for a number that is none. Never freed by the caller.
 * Errors: none.
 * Threads: any.
 * Blocks: no.
 * Perl: the keys of %!. */
const char *ipc_error_name(int32_t code);

/* The text of a result code or an errno (either sign), without what it was about: see ipc_error_last_text.
 *
 * Returns: "No such file or directory". Valid for ever.
 * Errors: none.
 * Threads: any.
 * Blocks: no.
 * Perl: "$!". */
const char *ipc_error_text(int32_t code);

/* The errno that stands for a result code: itself for -errno, the twin for codes of our own, 0 for success.
 *
 * Returns: an errno, or 0.
 * Errors: none.
 * Threads: any.
 * Blocks: no.
 * Perl: $! as a number. */
int32_t ipc_error_errno(int32_t code);

/* The code of this thread's last failure, 0 when there was none: what the next four answer for.
 *
 * Returns: a negative code, or 0.
 * Errors: none.
 * Threads: any; each has its own.
 * Blocks: no.
 * Perl: none. */
int32_t ipc_error_last_code(void);

/* This thread's last failure in one line, "step thing: why".
 *
 * Returns: "exec nosuch: No such file or directory"; "" when nothing failed yet. Valid until the thread's next failure.
 * Errors: none.
 * Threads: any; each has its own.
 * Blocks: no.
 * Perl: "$!", with what it was about. */
const char *ipc_error_last_text(void);

/* The step that failed last in this thread.
 *
 * Returns: "exec", "open", "chdir", "wait" ...; "" when nothing failed yet. Valid until the thread's next failure.
 * Errors: none.
 * Threads: any; each has its own.
 * Blocks: no.
 * Perl: none. */
const char *ipc_error_last_step(void);

/* The file, user, process or address that the failed step was done to.
 *
 * Returns: "" where there is none. Valid until the thread's next failure.
 * Errors: none.
 * Threads: any; each has its own.
 * Blocks: no.
 * Perl: none. */
const char *ipc_error_last_path(void);

/* Whether this thread's last failure was a time limit that the program itself has set. Not so an ETIMEDOUT of the system's
 * own: of a peer that keepalive or user_timeout has given up no more will come, and the next read says 0 as at an end.
 *
 * Returns: 1 or 0.
 * Errors: none.
 * Threads: any; each has its own.
 * Blocks: no.
 * Perl: none. */
int32_t ipc_error_last_by_limit(void);

/* ---- signal: names, handlers that never run inside a signal, masks, alarm, sleep -------------------------------- */

/* Called when a signal has arrived, on the signal thread, inside a blocking call of this library or
 * ipc_signal_dispatch; never inside a signal, so it may do anything.
 *
 * Result: 0 and the interrupted call goes on; anything else and it ends with PERLIPC_E_HANDLER (Perl's die). */
typedef int32_t (*ipc_signal_fn)(int32_t signo, const char *name, void *userdata);

/* What ipc_signal_trap_handle calls inside the signal: it may do only what a signal handler may. */
typedef void (*ipc_trap_fn)(int32_t signo, void *userdata);

/* The number of a signal: "INT", "SIGINT", "2", "CLD", "RTMIN+1", "NUM35"; "ZERO" and "0" are 0.
 *
 * Returns: 0 to 64.
 * Errors: PERLIPC_E_INVALID for a name that is none.
 * Threads: any.
 * Blocks: no.
 * Perl: %Config{sig_num}. */
int32_t ipc_signal_number(const char *signal);

/* The name of a signal, without "SIG".
 *
 * Returns: "INT", "ZERO" for 0; NULL for a number that is no signal. Valid for ever.
 * Errors: none.
 * Threads: any.
 * Blocks: no.
 * Perl: %Config{sig_name}. */
const char *ipc_signal_name(int32_t signo);

/* Installs a handler. The thread that installs the first one becomes the signal thread, where all of them run.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for KILL and STOP, which nobody can have, and SEGV, BUS, FPE, ILL, which would fault for ever;
 * PERLIPC_E_HANDLER when the handler that was gets what has arrived, and gives up: nothing is changed then.
 * Threads: any.
 * Blocks: no.
 * Callbacks: `handler`, on the signal thread, never inside a signal.
 * Perl: $SIG{X} = sub { ... }. */
int32_t ipc_signal_handle(const char *signal, ipc_signal_fn handler, void *userdata);

/* Queues a signal: it runs no handler and cuts no call, and waits to be taken by ipc_signal_next. Equal signals that
 * wait are one, with the count of their arrivals.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for KILL, STOP, SEGV, BUS, FPE, ILL.
 * Threads: any.
 * Blocks: no.
 * Perl: none. */
int32_t ipc_signal_queue(const char *signal);

/* Ignores a signal; what the kernel holds back (blocked) is discarded, what has arrived its old handler gets first.
 * Children inherit it.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for KILL and STOP; PERLIPC_E_HANDLER when the old handler gives up: nothing is changed then.
 * Threads: any.
 * Blocks: no.
 * Callbacks: the handler that was, on the signal thread.
 * Perl: $SIG{X} = 'IGNORE'. */
int32_t ipc_signal_ignore(const char *signal);

/* Gives a signal its default, SIG_DFL.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for KILL and STOP; PERLIPC_E_HANDLER as ipc_signal_ignore.
 * Threads: any.
 * Blocks: no.
 * Callbacks: the handler that was, on the signal thread, for what has arrived.
 * Perl: $SIG{X} = 'DEFAULT'. */
int32_t ipc_signal_default(const char *signal);

/* What is done with a signal now, in a word: "DEFAULT", "IGNORE", "HANDLER", "QUEUE", "FOREIGN" (somebody else's handler),
 * "REPLACED" (ours was there, and somebody has put another in its place).
 *
 * Returns: the word; NULL for a name that is none. Valid for ever.
 * Errors: by NULL, with errno EINVAL.
 * Threads: any.
 * Blocks: no.
 * Perl: reading $SIG{X}. */
const char *ipc_signal_disposition(const char *signal);

/* Notes what is done with a signal, a handler of somebody else's too, to be put back: change it then as you like.
 * May be nested.
 *
 * Returns: 0, and the note in `out` (hand it to ipc_signal_restore).
 * Errors: PERLIPC_E_INVALID for KILL, STOP and names that are none.
 * Threads: any.
 * Blocks: no.
 * Perl: local $SIG{X}. */
PERLIPC_NODISCARD int32_t ipc_signal_save(const char *signal, ipc_saved **out);

/* Puts back what ipc_signal_save noted, and frees the note; NULL is nothing. What has arrived by then its handler of
 * until now gets first, as in Perl.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_HANDLER when that handler gives up; put back and freed it is all the same.
 * Threads: any.
 * Blocks: no.
 * Callbacks: the handler that was, on the signal thread.
 * Perl: the end of the block of a local $SIG{X}. */
int32_t ipc_signal_restore(ipc_saved *saved);

/* Takes a queued signal that has arrived, lowest number first, after waiting for one. Who sent it: ipc_signal_sender.
 *
 * Returns: the signal's number.
 * Errors: -ETIMEDOUT, PERLIPC_E_INVALID when nothing is queued, PERLIPC_E_BUSY when another thread waits here,
 * PERLIPC_E_HANDLER, -EINTR after ipc_signal_hosted(1).
 * Threads: any, one at a time.
 * Blocks: until a queued signal has arrived or the timeout.
 * Callbacks: handlers of other signals, on the signal thread.
 * Perl: POSIX::sigwaitinfo of other languages; Perl has none. */
PERLIPC_NODISCARD int32_t ipc_signal_next(int32_t timeout_ms);

/* Who sent the signal whose handler runs now on this thread, else the one that ipc_signal_next gave it last: pid and
 * real uid of the sender, and the value that it queued. Each may be NULL.
 *
 * Returns: how often the signal arrived since it was taken last; all but the last sender are forgotten.
 * Errors: PERLIPC_E_INVALID when there is no such signal.
 * Threads: any; each has its own.
 * Blocks: no.
 * Perl: the siginfo of POSIX::sigaction with SA_SIGINFO. */
int32_t ipc_signal_sender(int32_t *pid, uint32_t *uid, int64_t *value);

/* Why that signal was sent: si_code, 0 (SI_USER) for kill, -1 (SI_QUEUE) for sigqueue, above 0 by the kernel (for CHLD:
 * CLD_EXITED and its like).
 *
 * Returns: the signal's number, and the code in `code`.
 * Errors: PERLIPC_E_INVALID when there is no such signal.
 * Threads: any; each has its own.
 * Blocks: no.
 * Perl: {code} of the same siginfo. */
int32_t ipc_signal_code(int32_t *code);

/* A safe point for programs that do not call this library for long: runs the handlers that are due, after waiting for
 * one for `timeout_ms`.
 *
 * Returns: how many handlers ran; 0 when time is up, or on a thread that is not the signal thread.
 * Errors: PERLIPC_E_HANDLER when a handler asks to give up; -EINTR after ipc_signal_hosted(1).
 * Threads: any; handlers run on the signal thread only.
 * Blocks: until a handler ran or the timeout.
 * Callbacks: the handlers.
 * Perl: every op is one. */
int32_t ipc_signal_dispatch(int32_t timeout_ms);

/* The word that is not 0 when a handler is due. Fetch its address once, then look at it with PERLIPC_SIGNAL_DUE(word) as
 * often as you like: a load and a branch; when it says so, call ipc_signal_dispatch(0). On the signal thread only.
 *
 * Returns: the address, which never changes; NULL when there is no memory.
 * Errors: by NULL.
 * Threads: any.
 * Blocks: no.
 * Perl: PL_sig_pending. */
const uint64_t *ipc_signal_due_word(void);

/* A descriptor for event loops: the reading end of a pipe, readable when a handler is due or a queued signal is ready.
 * Then call ipc_signal_dispatch(0) and ipc_signal_next(0), which empty it. The library keeps it; a forked child asks for
 * its own.
 *
 * Returns: the descriptor.
 * Errors: -EMFILE and its like.
 * Threads: any.
 * Blocks: no.
 * Perl: the self-pipe. */
int32_t ipc_signal_fd(void);

/* From now on the calling thread is the signal thread: handlers run in its blocking calls. Until then it is the thread
 * that installed the first handler.
 *
 * Returns: 0.
 * Errors: -ENOMEM.
 * Threads: any.
 * Blocks: no.
 * Perl: none. */
int32_t ipc_signal_take_over(void);

/* Blocks signals for the calling thread: "INT,TERM". Until unblocked they wait in the kernel.
 *
 * Returns: how many of them were not blocked before.
 * Errors: PERLIPC_E_INVALID for a name that is none.
 * Threads: any; for the calling thread and those that it starts.
 * Blocks: no.
 * Perl: POSIX::sigprocmask(SIG_BLOCK, ...). */
int32_t ipc_signal_block(const char *signals);

/* Unblocks signals for the calling thread. The handlers of what had to wait have run when it comes back, on the signal
 * thread.
 *
 * Returns: how many of them were blocked before.
 * Errors: PERLIPC_E_INVALID for a name that is none, PERLIPC_E_HANDLER when a handler gives up (unblocked they are then).
 * Threads: any; for the calling thread.
 * Blocks: no.
 * Callbacks: the handlers.
 * Perl: POSIX::sigprocmask(SIG_UNBLOCK, ...). */
int32_t ipc_signal_unblock(const char *signals);

/* Whether a signal is blocked for the calling thread.
 *
 * Returns: 1 or 0.
 * Errors: PERLIPC_E_INVALID for a name that is none.
 * Threads: any; for the calling thread.
 * Blocks: no.
 * Perl: POSIX::SigSet's ismember. */
int32_t ipc_signal_blocked(const char *signal);

/* Whether a signal has arrived and was not handled yet: blocked in the kernel, or deferred, or queued.
 *
 * Returns: 1 or 0.
 * Errors: PERLIPC_E_INVALID for a name that is none.
 * Threads: any.
 * Blocks: no.
 * Perl: POSIX::sigpending. */
int32_t ipc_signal_pending(const char *signal);

/* Waits until a handler has run, with these signals unblocked meanwhile; then the mask is as it was. What arrived while
 * they were blocked is not missed.
 *
 * Returns: how many handlers ran; 0 when time is up.
 * Errors: PERLIPC_E_HANDLER, PERLIPC_E_INVALID for a name that is none and on a thread that is not the signal thread.
 * Threads: the signal thread.
 * Blocks: until a handler ran or the timeout.
 * Callbacks: the handlers.
 * Perl: POSIX::sigsuspend. */
int32_t ipc_signal_suspend(const char *unblocked, int32_t timeout_ms);

/* Whether a handler that this library did not install, run during a blocking call, ends that call with -EINTR, with
 * nothing lost: for hosts that run their own handlers between calls. Off at first. Only calls that own their command end
 * that then: ipc_cmd_run, ipc_capture_run, ipc_pipeline_run.
 *
 * Returns: 0.
 * Errors: none.
 * Threads: any; it counts for all.
 * Blocks: no.
 * Perl: none. */
int32_t ipc_signal_hosted(int32_t on);

/* Sends a signal to a process, or to a process group given as a negative number or a signal with a minus ("-TERM"); 0 is
 * the own group. "0" or "ZERO" sends nothing and tells whether it could. A child of this library's is reached through
 * its pidfd, so never a stranger. What is sent to this process itself has been handled when it comes back.
 *
 * Returns: 1.
 * Errors: -ESRCH there is no such process, -EPERM it is somebody else's, PERLIPC_E_INVALID for an unknown name,
 * PERLIPC_E_HANDLER.
 * Threads: any.
 * Blocks: no.
 * Callbacks: handlers, on the signal thread.
 * Perl: kill. */
int32_t ipc_signal_kill(const char *signal, int32_t pid);

/* The same for `count` targets, all of which are tried before a handler runs.
 *
 * Returns: how many were reached, each group counted as one; errno is then that of one that was not (ESRCH only where it is
 * the only reason), else 0. That nobody is left is 0, with ESRCH: what was to be ended has ended.
 * Errors: when none was reached, and one that is there could not be: -EPERM; PERLIPC_E_INVALID for an unknown name,
 * PERLIPC_E_HANDLER.
 * Threads: any.
 * Blocks: no.
 * Callbacks: handlers, on the signal thread.
 * Perl: kill SIGNAL, LIST. */
int32_t ipc_signal_kill_all(const char *signal, const int32_t *pids, size_t count);

/* Sends a signal with a value to a process, a child of this library's through its pidfd.
 *
 * Returns: 1.
 * Errors: as ipc_signal_kill; -EAGAIN when the queue of that process is full.
 * Threads: any.
 * Blocks: no.
 * Callbacks: handlers, on the signal thread.
 * Perl: none; POSIX's sigqueue. */
int32_t ipc_signal_sigqueue(const char *signal, int32_t pid, int64_t value);

/* ALRM after that many milliseconds, and then after each interval unless that is 0; 0 cancels. One for a process.
 *
 * Returns: the milliseconds that were left of the one before, rounded up; 0 when there was none.
 * Errors: PERLIPC_E_INVALID for a negative time.
 * Threads: any.
 * Blocks: no.
 * Perl: alarm; Time::HiRes::alarm with an interval. */
int64_t ipc_signal_alarm(int64_t milliseconds, int64_t interval_ms);

/* Sleeps for that many milliseconds, or until a handler has run.
 *
 * Returns: the milliseconds that are left, rounded up; 0 when it was slept out.
 * Errors: PERLIPC_E_HANDLER, PERLIPC_E_INVALID for a negative time, -EINTR after ipc_signal_hosted(1).
 * Threads: any; handlers cut it short on the signal thread.
 * Blocks: for that time.
 * Callbacks: the handlers.
 * Perl: sleep, which gives what was slept. */
int64_t ipc_signal_sleep(int64_t milliseconds);

/* Deadly signals end the process in good order: "Caught a SIGX" and the return addresses on the stack are written to
 * standard error ("file+offset", for addr2line), then the signal takes its default course, so that whoever waits sees the
 * truth. This alone takes SEGV, BUS, FPE and ILL. Nothing of it is deferred: it works without safe points.
 *
 * `signals`: names, and Perl's words "normal-signals" (HUP INT PIPE TERM), "error-signals" (ABRT BUS FPE ILL QUIT SEGV SYS
 * TRAP), "old-interface-signals" (these with PIPE and TERM; also for NULL or ""), "untrapped" (of what follows, only what
 * is at its default), "any".
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for an unknown word.
 * Threads: any; the calling one gets an alternate stack, so that it can report the end of its stack.
 * Blocks: no.
 * Perl: use sigtrap. */
int32_t ipc_signal_trap(const char *signals);

/* The same with a last act after the trace. It runs inside the signal, on the alternate stack where there is one: it may
 * do only what a signal handler may, write(2) and _exit(2) say, and call nothing of this library.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for an unknown word.
 * Threads: any.
 * Blocks: no.
 * Callbacks: `last`, inside the signal: the one exception to the rule.
 * Perl: use sigtrap 'handler'. */
int32_t ipc_signal_trap_handle(const char *signals, ipc_trap_fn last, void *userdata);

/* ---- cmd: what to run ------------------------------------------------------------------------------------------- */

/* A program without arguments yet; one without "/" is looked up in PATH when it is started ("." and empty entries are
 * passed over). Never a shell.
 *
 * Returns: the command, never NULL; free it with ipc_cmd_free.
 * Errors: kept: start tells.
 * Threads: any; one at a time for a command.
 * Blocks: no.
 * Perl: the first element of a list. */
PERLIPC_NODISCARD ipc_cmd *ipc_cmd_new(const char *program);

/* A program with its arguments, as main gets them: `argv` ends with NULL.
 *
 * Returns: the command, never NULL; free it with ipc_cmd_free.
 * Errors: kept: start tells.
 * Threads: any; one at a time for a command.
 * Blocks: no.
 * Perl: the list form of open, system, exec. */
PERLIPC_NODISCARD ipc_cmd *ipc_cmd_argv(const char *const *argv);

/* A command string, run as Perl runs one: by /bin/sh -c where it has shell metacharacters, else split at white space
 * and run directly.
 *
 * Returns: the command, never NULL; free it with ipc_cmd_free.
 * Errors: kept: start tells.
 * Threads: any; one at a time for a command.
 * Blocks: no.
 * Perl: system "string". */
PERLIPC_NODISCARD ipc_cmd *ipc_cmd_shell(const char *command);

/* One more argument.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for NULL; kept.
 * Threads: any; one at a time for a command.
 * Blocks: no.
 * Perl: an element of the list. */
int32_t ipc_cmd_arg(ipc_cmd *cmd, const char *arg);

/* A variable of the child's environment; `value` NULL takes it away. The rest is as this process has it at the start.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for a name that is empty or has "="; kept.
 * Threads: any; one at a time for a command.
 * Blocks: no.
 * Perl: local $ENV{NAME} = value. */
int32_t ipc_cmd_env(ipc_cmd *cmd, const char *name, const char *value);

/* An empty environment, but for what ipc_cmd_env sets, before or after.
 *
 * Returns: 0.
 * Errors: none.
 * Threads: any; one at a time for a command.
 * Blocks: no.
 * Perl: local %ENV = (). */
int32_t ipc_cmd_env_clear(ipc_cmd *cmd);

/* The child's working directory, entered as the child's user. Redirections stay relative to this process's.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for NULL; kept. That it cannot be entered is the start's failure, step "chdir".
 * Threads: any; one at a time for a command.
 * Blocks: no.
 * Perl: chdir before exec. */
int32_t ipc_cmd_dir(ipc_cmd *cmd, const char *path);

/* What a descriptor of the child is, in a word: "<path", ">path" (made with mode 0600), ">>path", "+<path", "&N" (the
 * child's own descriptor N, whatever that is in the end), "null", "close", "inherit", "socket" (a Unix socket pair in
 * the place of a pipe: quicker for much data; a child that opens /dev/stdout cannot have one), "tty" (a pseudo-terminal in
 * the place of a pipe that is read, so that the child does not hold its output back). Files are opened when the command
 * is started.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for another word; kept.
 * Threads: any; one at a time for a command.
 * Blocks: no; starting can (a FIFO).
 * Perl: open STDOUT, ">path" in the child. */
int32_t ipc_cmd_redirect(ipc_cmd *cmd, int32_t child_fd, const char *spec);

/* Passes a descriptor of this process to the child, as its number `child_fd`. It stays the caller's, and must be open
 * when the command is started. Any permutation works.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for a number that is none; kept. One that is not open is the start's failure, -EBADF.
 * Threads: any; one at a time for a command.
 * Blocks: no.
 * Perl: open STDIN, "<&FH" in the child; $^F. */
int32_t ipc_cmd_pass(ipc_cmd *cmd, int32_t child_fd, int32_t fd);

/* The child's user and group, by names or numbers; NULL leaves one as it is. Supplementary groups, group, user are set
 * in this order, real, effective and saved, and read back. A user alone brings its own groups.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for what is not UTF-8; kept. An unknown name is the start's failure.
 * Threads: any; one at a time for a command.
 * Blocks: no; starting asks the system's user database.
 * Perl: ($EUID, $EGID) = ($UID, $GID), in the right order. */
int32_t ipc_cmd_user(ipc_cmd *cmd, const char *user, const char *group);

/* An option by its name: "argv0", "umask" (octal), "session" ("1"), "group" (a process group, "0" a new one), "groups"
 * (names or numbers, with commas), "limit.NAME" ("soft", "soft:hard", "unlimited"), "die_with_parent" (a signal),
 * "end_on_free" ("1"), "default" (signals that the child gets back from being ignored, with commas), "grace"
 * (milliseconds), "keep" (bytes of each output that a capture keeps: the first half and the last), "terminal" (how
 * ipc_pty_open sets its terminal: "raw", "echo", "crlf", with commas), "taint" ("1": each start makes the checks of
 * ipc_taint_check, and that of the program: absolute or found in PATH, neither it nor its directory writable by everybody),
 * "clean" ("1": in place of this process's environment PATH=/usr/bin:/bin, and TERM, LANG, LC_* where they are harmless).
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for an unknown name or a value that is none; kept.
 * Threads: any; one at a time for a command.
 * Blocks: no.
 * Perl: umask, setsid, setpgrp and their like in the child. */
int32_t ipc_cmd_option(ipc_cmd *cmd, const char *name, const char *value);

/* How a call's deadline ends the child: TERM to its tree, `term_ms` to go, then KILL; 0 is KILL at once. One second at
 * first.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for a negative time; kept.
 * Threads: any; one at a time for a command.
 * Blocks: no.
 * Perl: none. */
int32_t ipc_cmd_grace(ipc_cmd *cmd, int32_t term_ms);

/* Starts it, without any pipe: its descriptors are as was said, else this process's 0, 1 and 2, and no others.
 *
 * Returns: the pid, and the child in `out` (free it with ipc_child_free).
 * Errors: the failing step's: -ENOENT and -EACCES (step "exec") for a program that cannot be run, -EAGAIN (step "fork").
 * Threads: any.
 * Blocks: until the program runs or has failed to; longer where a redirection is a FIFO.
 * Perl: fork and exec. */
PERLIPC_NODISCARD int32_t ipc_cmd_start(const ipc_cmd *cmd, ipc_child **out);

/* Runs it and waits, with INT and QUIT ignored in this process meanwhile: they are the child's. At the deadline its
 * tree is ended (see ipc_cmd_grace).
 *
 * Returns: 0, and the native wait status in `status` (-1 unknown).
 * Errors: the failing step's when it cannot be started; -ETIMEDOUT and PERLIPC_E_HANDLER, with the status of the ended
 * child.
 * Threads: any.
 * Blocks: until the child has ended.
 * Perl: system. */
PERLIPC_NODISCARD int32_t ipc_cmd_run(const ipc_cmd *cmd, int32_t timeout_ms, int32_t *status);

/* This process becomes the program. Descriptors that were not passed do not survive it; handlers become defaults, what
 * is ignored stays so. What C's stdio has buffered is flushed before, if no other thread could hold it up: it would be lost.
 *
 * Returns: only when it fails.
 * Errors: the failing step's, -ENOENT say. What the steps before have done to this process stays.
 * Threads: any; the others end with it.
 * Blocks: no; while what stdio has buffered is written, and where a redirection is a FIFO.
 * Perl: exec. */
PERLIPC_NODISCARD int32_t ipc_cmd_exec(const ipc_cmd *cmd);

/* Frees it; NULL is nothing. What was started with it is not touched.
 *
 * Returns: nothing.
 * Errors: none.
 * Threads: any; nobody may use it any more.
 * Blocks: no.
 * Perl: none. */
void ipc_cmd_free(ipc_cmd *cmd);

/* ---- child: a process that this one started --------------------------------------------------------------------- */

/* Only the child itself was reached. */
#define PERLIPC_KILL_PROCESS 1

/* The child's process group was reached. */
#define PERLIPC_KILL_GROUP 2

/* Every descendant was stopped and held before the signal went out. */
#define PERLIPC_KILL_SWEEP 3

/* Forks. What C's stdio has buffered is flushed before, if no other thread could hold it up. In a process with several
 * threads the child may do only what a signal handler may, until it execs or ends.
 *
 * Returns: the child's pid, and its handle in `out`; 0 in the child, where `out` is NULL.
 * Errors: -EAGAIN too many processes, -ENOMEM.
 * Threads: any.
 * Blocks: no.
 * Perl: fork. */
PERLIPC_NODISCARD int32_t ipc_fork(ipc_child **out);

/* Waits for any child that this library started and whose end was not told yet. Its handle, if it still has one,
 * answers later too; one whose handle was freed is told all the same, unless it was to end with that ("end_on_free"); of
 * those that ended long before, the last thousand.
 *
 * Returns: the pid, and the native wait status in `status` (-1 unknown).
 * Errors: -ECHILD there is none, -ETIMEDOUT, PERLIPC_E_HANDLER.
 * Threads: any.
 * Blocks: until one ends or the timeout.
 * Perl: wait, for its own children. */
PERLIPC_NODISCARD int32_t ipc_wait_any(int32_t timeout_ms, int32_t *status);

/* Waits for a child by its number: a pid, -1 any child at all, 0 the own process group, -N group N. It finds children
 * that others started too. What it reaps of this library's is kept for the handle that asks later. While CHLD is ignored,
 * -1 is told of this library's children when all have ended: the kernel answers no sooner.
 *
 * Returns: the pid, and the native wait status in `status` (-1 unknown).
 * Errors: -ECHILD there is none, or its end was told already; -ETIMEDOUT (0: it still runs), PERLIPC_E_HANDLER.
 * Threads: any.
 * Blocks: until one ends or the timeout. With a timeout it looks at intervals of up to 20 ms: the kernel has no timed form.
 * Perl: waitpid; wait is -1. */
PERLIPC_NODISCARD int32_t ipc_wait_pid(int32_t pid, int32_t timeout_ms, int32_t *status);

/* Its process id.
 *
 * Returns: the pid.
 * Errors: PERLIPC_E_INVALID for NULL or a handle of another kind.
 * Threads: any.
 * Blocks: no.
 * Perl: what fork and open return. */
int32_t ipc_child_pid(const ipc_child *child);

/* Its pidfd, readable when it has ended. Lent: never close it.
 *
 * Returns: the descriptor.
 * Errors: -ENOTSUP where the kernel gives none.
 * Threads: any.
 * Blocks: no.
 * Perl: none. */
int32_t ipc_child_fd(const ipc_child *child);

/* A new descriptor that is at its end when the child has ended, for event loops that take pipes but no pidfds: the reading
 * end of a pipe, readable then and not before. It says only that: ask ipc_child_wait for the status. No descendant of
 * the child's keeps it; a process that this one forks meanwhile does, until it executes something or ends: take ipc_child_fd
 * where there are such. A thread of the library's waits for all of them meanwhile, with all signals blocked.
 *
 * Returns: the descriptor. It is the caller's: close it, at any moment.
 * Errors: -ENOTSUP where the kernel gives no pidfd, -EMFILE, -EAGAIN no thread can be had.
 * Threads: any.
 * Blocks: no.
 * Perl: none. */
int32_t ipc_child_exit_fd(const ipc_child *child);

/* Waits for its end. Asked again it answers again, whoever reaped the child.
 *
 * Returns: 0, and the native wait status in `status` (-1: nobody can know).
 * Errors: -ETIMEDOUT (0: it still runs), PERLIPC_E_HANDLER; -ECHILD in a process that was forked since.
 * Threads: any.
 * Blocks: until it ends or the timeout.
 * Perl: waitpid; $?. */
PERLIPC_NODISCARD int32_t ipc_child_wait(ipc_child *child, int32_t timeout_ms, int32_t *status);

/* Sends it a signal; "0" asks whether it still runs.
 *
 * Returns: 1.
 * Errors: -ESRCH it has ended (nobody else is ever hit), -EPERM, PERLIPC_E_INVALID for an unknown name.
 * Threads: any.
 * Blocks: no.
 * Perl: kill. */
int32_t ipc_child_kill(ipc_child *child, const char *signal);

/* Sends a signal to it and all that descend from it: each is stopped first and held, until a search finds nothing new.
 * A descendant that left both the chain of parents and the session of a child that leads one is not found.
 *
 * Returns: how many processes got it; in `how` a PERLIPC_KILL_* that says how they were found.
 * Errors: -ESRCH it has ended, -EPERM.
 * Threads: any.
 * Blocks: no; it reads /proc.
 * Perl: kill with a negative signal, which reaches the process group alone. */
int32_t ipc_child_kill_tree(ipc_child *child, const char *signal, int32_t *how);

/* Ends it: TERM to its tree, `term_ms` for all of that to go, then KILL to what is left.
 *
 * Returns: 0, and the native wait status in `status`.
 * Errors: -EPERM, PERLIPC_E_HANDLER.
 * Threads: any.
 * Blocks: until all of them have ended: at most a little longer than `term_ms`.
 * Perl: none. */
int32_t ipc_child_end(ipc_child *child, int32_t term_ms, int32_t *status);

/* Takes over a child that was started by other means, fork(2) say. It must be a child of this process that nobody has
 * reaped.
 *
 * Returns: 0, and the child in `out`.
 * Errors: -ECHILD it is none of ours.
 * Threads: any.
 * Blocks: no.
 * Perl: none. */
PERLIPC_NODISCARD int32_t ipc_child_adopt(int32_t pid, ipc_child **out);

/* Frees the handle; NULL is nothing. A child that still runs is swept up by later calls, so that it leaves no zombie;
 * with the option "end_on_free" it is killed.
 *
 * Returns: nothing.
 * Errors: none.
 * Threads: any; nobody may use the handle any more.
 * Blocks: no.
 * Perl: none; its handles wait at the end of their scope. */
void ipc_child_free(ipc_child *child);

/* ---- status: $? as the native wait status, -1 when nobody can know ---------------------------------------------- */

/* The exit code.
 *
 * Returns: 0 to 255.
 * Errors: PERLIPC_E_STATUS when it did not exit (killed, stopped, unknown).
 * Threads: any.
 * Blocks: no.
 * Perl: $? >> 8. */
int32_t ipc_status_code(int32_t status);

/* The signal that killed it.
 *
 * Returns: the signal's number, 0 when none did.
 * Errors: none.
 * Threads: any.
 * Blocks: no.
 * Perl: $? & 127. */
int32_t ipc_status_signal(int32_t status);

/* Whether it left a core.
 *
 * Returns: 1 or 0.
 * Errors: none.
 * Threads: any.
 * Blocks: no.
 * Perl: $? & 128. */
int32_t ipc_status_core(int32_t status);

/* The signal that stopped it, where it is only stopped.
 *
 * Returns: the signal's number, 0 when it is not stopped.
 * Errors: none.
 * Threads: any.
 * Blocks: no.
 * Perl: WSTOPSIG(${^CHILD_ERROR_NATIVE}). */
int32_t ipc_status_stopped(int32_t status);

/* Whether anything is known: an unknown status is neither success nor failure.
 *
 * Returns: 1 or 0.
 * Errors: none.
 * Threads: any.
 * Blocks: no.
 * Perl: $? != -1. */
int32_t ipc_status_known(int32_t status);

/* The shell's number for it.
 *
 * Returns: the code, or 128 + the signal; 255 when unknown.
 * Errors: none.
 * Threads: any.
 * Blocks: no.
 * Perl: none. */
PERLIPC_NODISCARD int32_t ipc_status_shell(int32_t status);

/* It in words: "exited with 3", "killed by TERM", "unknown". 64 bytes are always enough.
 *
 * Returns: the length, without the NUL that follows.
 * Errors: -ERANGE when `cap` is too small; nothing is cut.
 * Threads: any.
 * Blocks: no.
 * Perl: none. */
int32_t ipc_status_text(int32_t status, char *text, size_t cap);

/* ---- stream: Perl's filehandle ---------------------------------------------------------------------------------- */

/* Reads what is there, what was read ahead first; waits if there is nothing.
 *
 * Returns: how many bytes, at least 1; 0 at the end.
 * Errors: -ETIMEDOUT, PERLIPC_E_HANDLER, PERLIPC_E_CANCELED, PERLIPC_E_CLOSED; -ECONNRESET.
 * Threads: any; one at a time reads.
 * Blocks: until something comes, the end, or the stream's time limits.
 * Perl: sysread, with the buffer counted in. */
PERLIPC_NODISCARD int64_t ipc_stream_read(ipc_stream *s, void *data, size_t cap);

/* Reads all of `len` bytes.
 *
 * Returns: how many bytes; less than `len` only at the end.
 * Errors: as ipc_stream_read; what was read until then is in the stream again.
 * Threads: any; one at a time reads.
 * Blocks: until all is there, the end, or the stream's time limits.
 * Perl: read. */
PERLIPC_NODISCARD int64_t ipc_stream_read_full(ipc_stream *s, void *data, size_t len);

/* Copies the next `len` bytes and leaves them to the next read.
 *
 * Returns: how many bytes; less than `len` only at the end.
 * Errors: as ipc_stream_read; what was there until then stays.
 * Threads: any; one at a time reads.
 * Blocks: until all is there, the end, or the stream's time limits.
 * Perl: getc and ungetc; recv with MSG_PEEK. */
PERLIPC_NODISCARD int64_t ipc_stream_peek(ipc_stream *s, void *data, size_t len);

/* The next record with its separator, a line at first. It is borrowed: valid until the next call that reads the
 * stream or frees it. A NUL follows; the record may have NULs of its own.
 *
 * Returns: its length, at least 1; 0 at the end, where `line` is NULL.
 * Errors: as ipc_stream_read; PERLIPC_E_TOO_LONG beyond the limit of ipc_stream_line_limit. The unfinished record stays.
 * Threads: any; one at a time reads.
 * Blocks: until a record is there, the end, or the stream's time limits.
 * Perl: <FH>. */
PERLIPC_NODISCARD int64_t ipc_stream_readline(ipc_stream *s, const char **line);

/* The next record, copied into the caller's buffer with a NUL behind it, never cut.
 *
 * Returns: its length; 0 at the end.
 * Errors: as ipc_stream_readline; -ERANGE when it does not fit with its NUL: it stays, for a larger buffer.
 * Threads: any; one at a time reads.
 * Blocks: as ipc_stream_readline.
 * Perl: <FH>. */
PERLIPC_NODISCARD int64_t ipc_stream_getline(ipc_stream *s, char *data, size_t cap);

/* Many records at once, borrowed: record i is the bytes from base + ends[i] to base + ends[i + 1]. No NULs follow.
 * Valid until the next call that reads the stream or frees it. It does not wait for many: what was found ahead comes.
 *
 * Returns: how many records, at least 1, so that `ends` has one more; 0 at the end.
 * Errors: as ipc_stream_readline.
 * Threads: any; one at a time reads.
 * Blocks: until one record is there, the end, or the stream's time limits.
 * Perl: none; a list of <FH> waits for the end. */
PERLIPC_NODISCARD int64_t ipc_stream_lines(ipc_stream *s, const uint64_t **ends, const char **base);

/* Writes all; into the buffer, if autoflush is off. A pipe or socket without a reader is -EPIPE, never a signal, though
 * a handler for PIPE that was set through this library runs.
 *
 * Returns: `len`.
 * Errors: -EPIPE; -ETIMEDOUT, PERLIPC_E_HANDLER, PERLIPC_E_CANCELED: what was not written stays in the stream, and
 * ipc_stream_flush goes on with it: do not write it again. PERLIPC_E_CLOSED.
 * Threads: any; one at a time writes.
 * Blocks: until all is written, or the stream's time limits.
 * Perl: print. */
PERLIPC_NODISCARD int64_t ipc_stream_write(ipc_stream *s, const void *data, size_t len);

/* Writes what is in the buffer.
 *
 * Returns: 0.
 * Errors: as ipc_stream_write.
 * Threads: any; one at a time writes.
 * Blocks: until all is written, or the stream's time limits.
 * Perl: FH->flush. */
PERLIPC_NODISCARD int32_t ipc_stream_flush(ipc_stream *s);

/* Whether each write goes out at once: on at first, but for streams that write to a command and for FIFOs opened with
 * ">". Switching it on flushes.
 *
 * Returns: 0.
 * Errors: as ipc_stream_write.
 * Threads: any; one at a time writes.
 * Blocks: as ipc_stream_flush.
 * Perl: $|. */
int32_t ipc_stream_autoflush(ipc_stream *s, int32_t on);

/* What ends a record: any bytes, kept at its end; "\n" at first. `len` 0: paragraphs (empty lines end one, extra ones
 * are swallowed).
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID.
 * Threads: any; one at a time reads.
 * Blocks: no.
 * Perl: $/, of this stream alone. */
int32_t ipc_stream_separator(ipc_stream *s, const void *data, size_t len);

/* Records of a fixed size, the last one shorter; 0: the whole input is one.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for a bad handle.
 * Threads: any; one at a time reads.
 * Blocks: no.
 * Perl: $/ = \N; $/ = undef. */
int32_t ipc_stream_record(ipc_stream *s, size_t size);

/* The longest record that is taken, in bytes; 0: no limit, as at first. A longer one is PERLIPC_E_TOO_LONG and stays.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for a bad handle.
 * Threads: any; one at a time reads.
 * Blocks: no.
 * Perl: none. */
int32_t ipc_stream_line_limit(ipc_stream *s, size_t limit);

/* The time limit of each call on the stream, close's wait for the child too; -1: none, as at first.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for a bad handle.
 * Threads: any.
 * Blocks: no.
 * Perl: alarm around each call. */
int32_t ipc_stream_timeout(ipc_stream *s, int32_t timeout_ms);

/* The time limit of all calls on the stream together, from now on; -1: none, as at first.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for a bad handle.
 * Threads: any.
 * Blocks: no.
 * Perl: alarm around all of it. */
int32_t ipc_stream_deadline(ipc_stream *s, int32_t timeout_ms);

/* Whether there is nothing more to read; newlines that no paragraph follows are nothing, where paragraphs are read. It
 * waits to know, and loses nothing.
 *
 * Returns: 1 or 0.
 * Errors: as ipc_stream_read.
 * Threads: any; one at a time reads.
 * Blocks: until something comes, the end, or the stream's time limits.
 * Perl: eof. */
int32_t ipc_stream_eof(ipc_stream *s);

/* No more writing: flushes; of a socket the other side sees the end while its answers can still be read; a stream that
 * only writes is closed, without waiting for its child.
 *
 * Returns: 0.
 * Errors: as ipc_stream_write; -ENOTSOCK for a pty, whose directions cannot be closed apart.
 * Threads: any; one at a time writes.
 * Blocks: as ipc_stream_flush.
 * Perl: shutdown(FH, 1). */
int32_t ipc_stream_shutdown(ipc_stream *s);

/* Ends the call that waits on the stream now, and every later one that would read or write, with PERLIPC_E_CANCELED, also
 * where something is there: who reads what never ends is stopped too. What was read ahead can still be taken; the child
 * can still be waited for.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for a bad handle.
 * Threads: any, at any moment.
 * Blocks: no.
 * Perl: none. */
int32_t ipc_stream_cancel(ipc_stream *s);

/* The child that the stream carries. Borrowed: it lives as long as the stream's handle, and is never freed by the caller.
 *
 * Returns: the child; NULL when the stream carries none, or for a bad handle.
 * Errors: none.
 * Threads: any.
 * Blocks: no.
 * Perl: the pid that open returned. */
ipc_child *ipc_stream_child(ipc_stream *s);

/* The descriptor. Lent: the stream keeps it, and may have read ahead.
 *
 * Returns: the descriptor.
 * Errors: PERLIPC_E_CLOSED.
 * Threads: any.
 * Blocks: no.
 * Perl: fileno. */
int32_t ipc_stream_fd(const ipc_stream *s);

/* Takes a descriptor over, for reading, writing or both as it was opened. It stays as it was found (O_NONBLOCK,
 * close-on-exec).
 *
 * Returns: 0, and the stream in `out`.
 * Errors: -EBADF: then the descriptor stays the caller's.
 * Threads: any.
 * Blocks: no.
 * Perl: open FH, "<&=", $fd. */
PERLIPC_NODISCARD int32_t ipc_stream_adopt(int32_t fd, ipc_stream **out);

/* Gives the descriptor up: it is the caller's from now on, and the stream is closed. Pending writes are flushed. Of a child
 * that other streams carry too, the last of those waits.
 *
 * Returns: the descriptor.
 * Errors: PERLIPC_E_INVALID while bytes are read ahead: they would be lost; as ipc_stream_flush.
 * Threads: any; nobody may be inside a call of the stream.
 * Blocks: as ipc_stream_flush.
 * Perl: none. */
PERLIPC_NODISCARD int32_t ipc_stream_release(ipc_stream *s);

/* Flushes and closes. Where this was the last stream of its child, waits for that. Another thread that is blocked in the
 * stream comes back with PERLIPC_E_CLOSED first.
 *
 * Returns: 0; in `status` the child's native wait status (-1 when unknown, or when the child has another stream open or
 * there is none).
 * Errors: -EPIPE and the like when the flush failed, with the status all the same; -ETIMEDOUT, PERLIPC_E_HANDLER when
 * the child did not end: closed, and close waits again; PERLIPC_E_CLOSED; PERLIPC_E_BUSY from a handler inside a call of
 * the stream.
 * Threads: any.
 * Blocks: until the child has ended, or the stream's time limits.
 * Perl: close; $?. */
int32_t ipc_stream_close(ipc_stream *s, int32_t *status);

/* Sets an option of a socket by its name: "nodelay", "keepalive", "keepidle", "linger" (seconds, -1 off), "sndbuf", "rcvbuf",
 * "user_timeout" and so on.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for a name that is none or can only be read; -ENOTSOCK.
 * Threads: any.
 * Blocks: no.
 * Perl: setsockopt. */
int32_t ipc_stream_option(ipc_stream *s, const char *name, int32_t value);

/* An option of a socket by its name: those of ipc_stream_option, and "error", "type", "domain", "protocol". Buffer sizes are
 * what the kernel made of them; linger is -1 when off.
 *
 * Returns: 0, and its value in `value`.
 * Errors: PERLIPC_E_INVALID for a name that is none; -ENOTSOCK.
 * Threads: any.
 * Blocks: no.
 * Perl: getsockopt. */
int32_t ipc_stream_option_value(const ipc_stream *s, const char *name, int32_t *value);

/* Where a socket's other end is: "127.0.0.1:37", "[::1]:37", "/path", "@name"; empty for a Unix client without a name. Of a path
 * of more than 107 bytes the kernel has a name under /proc/self/fd, which means nothing to others.
 *
 * Returns: the length of the text.
 * Errors: -ENOTCONN, -ENOTSOCK; -ERANGE when it does not fit.
 * Threads: any.
 * Blocks: no.
 * Perl: getpeername. */
int32_t ipc_stream_peer(const ipc_stream *s, char *addr, size_t cap);

/* Where a socket's own end is, as ipc_stream_peer.
 *
 * Returns: the length of the text.
 * Errors: -ENOTSOCK; -ERANGE when it does not fit.
 * Threads: any.
 * Blocks: no.
 * Perl: getsockname. */
int32_t ipc_stream_addr(const ipc_stream *s, char *addr, size_t cap);

/* No more reading from a socket: what the other side still sends is thrown away. ipc_stream_shutdown is the writing half.
 *
 * Returns: 0.
 * Errors: -ENOTCONN, -ENOTSOCK.
 * Threads: any.
 * Blocks: no.
 * Perl: shutdown(FH, 0). */
PERLIPC_NODISCARD int32_t ipc_stream_shutdown_read(ipc_stream *s);

/* No more writing and no more reading: ipc_stream_shutdown and then ipc_stream_shutdown_read, of which the latter fails where
 * the other side has ended too.
 *
 * Returns: 0.
 * Errors: as ipc_stream_shutdown.
 * Threads: any; one at a time writes.
 * Blocks: as ipc_stream_flush.
 * Perl: shutdown(FH, 2). */
int32_t ipc_stream_shutdown_both(ipc_stream *s);

/* Frees the handle; NULL is nothing. Never waits: what can be written at once is, the descriptor is closed, and a child
 * that still runs is swept up by later calls.
 *
 * Returns: nothing.
 * Errors: none.
 * Threads: any; nobody may use the handle any more.
 * Blocks: no.
 * Perl: none; its handles wait at the end of their scope. */
void ipc_stream_free(ipc_stream *s);

/* What is written to the one is read from the other. Both are close-on-exec.
 *
 * Returns: 0, and both streams.
 * Errors: -EMFILE.
 * Threads: any.
 * Blocks: no.
 * Perl: pipe. */
PERLIPC_NODISCARD int32_t ipc_pipe_new(ipc_stream **reader, ipc_stream **writer);

/* ---- popen, open2, open3: a command with its ends on streams ---------------------------------------------------- */

/* Opens a pipe to or from a command string: "cmd |" reads what it writes, "| cmd" writes what it reads. It is run by
 * Perl's rule, see ipc_cmd_shell.
 *
 * Returns: the pid, and the stream in `out`.
 * Errors: the failing step's, -ENOENT say, where the command is run directly; behind a shell it shows as 127 at close, and
 * writing to it is -EPIPE. PERLIPC_E_INVALID for an empty command, "| cmd |" (that is open2), and no "|" at all.
 * Threads: any.
 * Blocks: until the program runs or has failed to.
 * Perl: open(FH, "cmd |"). */
PERLIPC_NODISCARD int32_t ipc_popen_open(const char *spec, ipc_stream **out);

/* Starts a command with its standard output ("-|": read from it) or input ("|-": write to it) on a pipe, without a shell
 * unless it is one. The others of its descriptors are as the command says.
 *
 * Returns: the pid, and the stream in `out`.
 * Errors: the failing step's; PERLIPC_E_INVALID for another mode, or when that descriptor is redirected already.
 * Threads: any.
 * Blocks: until the program runs or has failed to; longer where a redirection is a FIFO.
 * Perl: open(FH, "-|", LIST). */
PERLIPC_NODISCARD int32_t ipc_popen_start(const ipc_cmd *cmd, const char *mode, ipc_stream **out);

/* Forks, with the child's standard output ("-|") or input ("|-") on a pipe whose other end is the stream. What C's stdio
 * has buffered is flushed before. In a process with several threads it is refused unless `threads_ok`; the child may then
 * do only what a signal handler may, until it execs or ends.
 *
 * Returns: the pid, and the stream in `out`; 0 in the child, where `out` is NULL.
 * Errors: PERLIPC_E_THREADS, -EAGAIN, PERLIPC_E_INVALID for another mode.
 * Threads: any.
 * Blocks: no.
 * Perl: open(FH, "-|") and open(FH, "|-"). */
PERLIPC_NODISCARD int32_t ipc_popen_fork(const char *mode, int32_t threads_ok, ipc_stream **out);

/* Starts a command with its standard output to read and its input to write. Its standard error is this process's. Each
 * write goes out at once; programs that hold their output back on pipes answer at once with ipc_cmd_redirect(cmd, 1,
 * "tty"). Closing the last of the two streams waits for the child; either may be closed first.
 *
 * Returns: the pid, and both streams.
 * Errors: the failing step's, -ENOENT say; PERLIPC_E_INVALID when one of the two is redirected already.
 * Threads: any.
 * Blocks: until the program runs or has failed to.
 * Perl: open2. */
PERLIPC_NODISCARD int32_t ipc_open2(const ipc_cmd *cmd, ipc_stream **reader, ipc_stream **writer);

/* Starts a command with its standard input to write, its output and its error to read. `error` NULL: errors come with the
 * output. A descriptor that the command places itself (ipc_cmd_pass, ipc_cmd_redirect: the dup forms) has no stream, and
 * its handle stays NULL.
 *
 * Returns: the pid, and the streams.
 * Errors: the failing step's, -ENOENT say; PERLIPC_E_INVALID when all are redirected already.
 * Threads: any.
 * Blocks: until the program runs or has failed to.
 * Perl: open3. */
PERLIPC_NODISCARD int32_t ipc_open3(const ipc_cmd *cmd, ipc_stream **writer, ipc_stream **reader, ipc_stream **error);

/* Forks, with the child's standard input and output on pipes whose other ends are the streams: the command "-". In a
 * process with several threads it is refused unless `threads_ok`; see ipc_popen_fork.
 *
 * Returns: the pid, and both streams; 0 in the child, where both are NULL.
 * Errors: PERLIPC_E_THREADS, -EAGAIN.
 * Threads: any.
 * Blocks: no.
 * Perl: open2 with the command "-". */
PERLIPC_NODISCARD int32_t ipc_open2_fork(int32_t threads_ok, ipc_stream **reader, ipc_stream **writer);

/* The same with the child's standard error: on a stream of its own, or, with `error` NULL, with its output.
 *
 * Returns: the pid, and the streams; 0 in the child, where all are NULL.
 * Errors: PERLIPC_E_THREADS, -EAGAIN.
 * Threads: any.
 * Blocks: no.
 * Perl: open3 with the command "-". */
PERLIPC_NODISCARD int32_t ipc_open3_fork(int32_t threads_ok, ipc_stream **writer, ipc_stream **reader, ipc_stream **error);

/* ---- capture: backticks, and talks without deadlock ------------------------------------------------------------- */

/* Takes a piece of what a command says, from its descriptor 1 or 2.
 *
 * Result: 0 and it goes on; anything else ends ipc_capture_each. */
typedef int32_t (*ipc_piece_fn)(int32_t fd, const void *data, size_t len, void *userdata);

/* Runs a command with `input` as its standard input (NULL: this process's) and keeps all that it says on its standard
 * output and, unless the command says where that goes, its standard error. Full pipes cannot stand in the way. At the
 * deadline its tree is ended (see ipc_cmd_grace); a descendant that ran away with the pipe keeps nobody waiting.
 *
 * Returns: 0, and the capture in `out`, however the child ended: see ipc_capture_status.
 * Errors: the failing step's when it could not be started (`out` is NULL); -ETIMEDOUT and PERLIPC_E_HANDLER, with what
 * came until then and the status in `out`.
 * Threads: any.
 * Blocks: until the child has ended and its outputs are at their end, or the timeout.
 * Perl: `cmd`, with the standard error apart. */
PERLIPC_NODISCARD int32_t ipc_capture_run(const ipc_cmd *cmd, const void *input, size_t len, int32_t timeout_ms, ipc_capture **out);

/* A talk over the streams of open2 or open3, or any others, without the deadlock: writes all of `input` and closes the
 * writer, while it keeps all that comes from the reader and the error stream until their ends; closes them, and waits for
 * the child that they carry. Each of the three may be NULL. What was buffered for writing goes out first, what was read
 * ahead comes first.
 *
 * Returns: 0, and the capture in `out`, however the child ended: see ipc_capture_status.
 * Errors: -ETIMEDOUT, PERLIPC_E_HANDLER, with what came until then in `out`: the child runs on, its status unknown, unless it
 * has ended and a descendant of it has the pipe. It can be called again with the same streams (one that is closed by then is
 * at its end) and the rest of the input, see ipc_capture_fed. The same with PERLIPC_E_CANCELED or PERLIPC_E_CLOSED when another
 * thread cancels or closes one of the streams meanwhile.
 * PERLIPC_E_CLOSED for a closed writer with more to say, -EBADF for streams that cannot be used so, both without a capture.
 * Threads: any; one at a time uses the streams.
 * Blocks: until all is said and heard and the child has ended, or the timeout.
 * Perl: none; select and sysread around open3. */
PERLIPC_NODISCARD int32_t ipc_capture_feed(ipc_stream *writer, const void *input, size_t len, ipc_stream *reader, ipc_stream *error, int32_t timeout_ms, ipc_capture **out);

/* The same without keeping anything: each piece goes to `piece` with the descriptor that it came from (1 or 2), as it
 * comes, until all is said and heard or `piece` returns non-zero. The writer is closed when all is out; the other streams
 * stay open, for ipc_stream_close to wait for the child. When it ends before, what was read ahead and not given is in the
 * streams again, and so is what was buffered for writing and did not go out; how much of `input` did nobody can tell.
 * Without input it can be called again with the same streams.
 *
 * Returns: 0; what `piece` returned, if that was greater than 0; PERLIPC_E_HANDLER if it was less.
 * Errors: -ETIMEDOUT, PERLIPC_E_HANDLER, PERLIPC_E_CANCELED and the others of ipc_capture_feed.
 * Threads: any; one at a time uses the streams.
 * Blocks: until all is said and heard, or the timeout.
 * Callbacks: `piece`, on the calling thread.
 * Perl: none. */
PERLIPC_NODISCARD int32_t ipc_capture_each(ipc_stream *writer, const void *input, size_t len, ipc_stream *reader, ipc_stream *error, int32_t timeout_ms, ipc_piece_fn piece, void *userdata);

/* How much of the input went out.
 *
 * Returns: the number of bytes.
 * Errors: PERLIPC_E_INVALID for a bad handle.
 * Threads: any.
 * Blocks: no.
 * Perl: none. */
int64_t ipc_capture_fed(const ipc_capture *c);

/* Its standard output; with the option "keep", the beginning and the end of it. Borrowed: valid until the capture is
 * freed. No NUL is promised to follow.
 *
 * Returns: the bytes, and their number in `len`; NULL for a bad handle.
 * Errors: none.
 * Threads: any.
 * Blocks: no.
 * Perl: what `` gives. */
const void *ipc_capture_output(const ipc_capture *c, size_t *len);

/* Its standard error, unless that went elsewhere. Borrowed, as ipc_capture_output.
 *
 * Returns: the bytes, and their number in `len`; NULL for a bad handle.
 * Errors: none.
 * Threads: any.
 * Blocks: no.
 * Perl: none. */
const void *ipc_capture_errors(const ipc_capture *c, size_t *len);

/* How many bytes of its standard output (`fd` 1) or error (2) the option "keep" dropped from the middle.
 *
 * Returns: the number.
 * Errors: PERLIPC_E_INVALID for a bad handle.
 * Threads: any.
 * Blocks: no.
 * Perl: none. */
int64_t ipc_capture_dropped(const ipc_capture *c, int32_t fd);

/* How it ended.
 *
 * Returns: the native wait status, -1 when unknown; ipc_status_* reads it.
 * Errors: none: -1 for a bad handle too.
 * Threads: any.
 * Blocks: no.
 * Perl: $?. */
int32_t ipc_capture_status(const ipc_capture *c);

/* Whether the deadline ended it.
 *
 * Returns: 1 or 0.
 * Errors: PERLIPC_E_INVALID for a bad handle.
 * Threads: any.
 * Blocks: no.
 * Perl: none. */
int32_t ipc_capture_timed_out(const ipc_capture *c);

/* Frees it; NULL is nothing.
 *
 * Returns: nothing.
 * Errors: none.
 * Threads: any; nobody may use it any more.
 * Blocks: no.
 * Perl: none. */
void ipc_capture_free(ipc_capture *c);

/* ---- pipeline: commands one behind the other -------------------------------------------------------------------- */

/* Runs `count` commands side by side, each one's standard output the next one's input, without a shell; with `input` for
 * the first (NULL: this process's). Keeps what the last says, and the standard errors of all. At the deadline the trees of
 * all are ended.
 *
 * Returns: 0, and the capture in `out`, however they ended: ipc_capture_status has the last one's status,
 * ipc_pipeline_status and ipc_pipeline_ok each one's.
 * Errors: the failing step's when one could not be started (the others are ended, `out` is NULL); PERLIPC_E_INVALID for no
 * command, or one that redirects a descriptor that is the pipe; -ETIMEDOUT and PERLIPC_E_HANDLER, with what came until then
 * and the statuses in `out`.
 * Threads: any.
 * Blocks: until all have ended and their outputs are at their end, or the timeout.
 * Perl: `a | b | c`, without the shell. */
PERLIPC_NODISCARD int32_t ipc_pipeline_run(const ipc_cmd *const *cmds, size_t count, const void *input, size_t len, int32_t timeout_ms, ipc_capture **out);

/* How a command of the pipeline ended; `stage` counts from 0.
 *
 * Returns: 0, and the native wait status in `status`, -1 when unknown.
 * Errors: PERLIPC_E_INVALID when there is no such stage.
 * Threads: any.
 * Blocks: no.
 * Perl: none. */
int32_t ipc_pipeline_status(const ipc_capture *c, size_t stage, int32_t *status);

/* Whether a command of the pipeline did what it should: it succeeded, or, where it was not the last, it ended by SIGPIPE,
 * since the next one wanted to hear no more.
 *
 * Returns: 1 or 0; 0 when there is no such stage.
 * Errors: PERLIPC_E_INVALID for a bad handle.
 * Threads: any.
 * Blocks: no.
 * Perl: none. */
int32_t ipc_pipeline_ok(const ipc_capture *c, size_t stage);

/* ---- pty: pseudo-terminals -------------------------------------------------------------------------------------- */

/* Starts a command on a new pty of that size (0: nobody knows), in a session of its own whose controlling terminal it is.
 * The stream reads what it says, standard error included, and writes what it reads. Echo and the change of newlines into
 * CR LF are off; the option "terminal" of ipc_cmd_option has "raw", "echo" and "crlf". All that the child wrote is read,
 * then comes the end, then its status at close, which hangs the terminal up.
 *
 * Returns: the pid, and the stream in `out`.
 * Errors: the failing step's, -ENOENT say; PERLIPC_E_INVALID for a size that is none.
 * Threads: any.
 * Blocks: until the program runs or has failed to.
 * Perl: Comm's open_proc, IO::Pty. */
PERLIPC_NODISCARD int32_t ipc_pty_open(const ipc_cmd *cmd, int32_t rows, int32_t cols, ipc_stream **out);

/* Gives the terminal a new size: its foreground processes get WINCH.
 *
 * Returns: 0.
 * Errors: -ENOTTY for another stream, PERLIPC_E_CLOSED; PERLIPC_E_INVALID for a size that is none.
 * Threads: any.
 * Blocks: no.
 * Perl: $pty->set_winsize. */
int32_t ipc_pty_resize(ipc_stream *s, int32_t rows, int32_t cols);

/* The terminal's size.
 *
 * Returns: 0, and rows and columns.
 * Errors: -ENOTTY for another stream, PERLIPC_E_CLOSED.
 * Threads: any.
 * Blocks: no.
 * Perl: $pty->get_winsize. */
int32_t ipc_pty_size(const ipc_stream *s, int32_t *rows, int32_t *cols);

/* The name of the child's end, "/dev/pts/N", copied with a NUL.
 *
 * Returns: its length.
 * Errors: -ENOTTY for another stream, PERLIPC_E_CLOSED; -ERANGE when it does not fit.
 * Threads: any.
 * Blocks: no.
 * Perl: $pty->ttyname. */
int32_t ipc_pty_name(const ipc_stream *s, char *name, size_t cap);

/* Joins the user's terminal, standard input and output, with a child's pty: what is typed goes to the child, Control-C
 * too, and what the child says is shown, until `escape` is typed (a byte, 29 for Control-]; -1: none) or the child has
 * ended. The terminal is raw meanwhile, hands its size on, and is put back on every way out, signals included. The pty
 * echoes and changes newlines as its command's "terminal" option says: "echo,crlf" for a person's use.
 *
 * Returns: PERLIPC_INTERACT_ESCAPE, PERLIPC_INTERACT_EOF, or PERLIPC_INTERACT_INPUT.
 * Errors: as ipc_interact_run; PERLIPC_E_INVALID for an escape that is no byte.
 * Threads: any, one at a time in a process; it alone uses the stream.
 * Blocks: until one of these, or the stream's deadline; its limit of each call does not count.
 * Perl: $exp->interact. */
PERLIPC_NODISCARD int32_t ipc_pty_interact(ipc_stream *s, int32_t escape);

/* The byte that a key gives with Control held: "c" is 3, which interrupts, "d" 4, the end of input, "\\" 28, which quits.
 *
 * Returns: the byte.
 * Errors: PERLIPC_E_INVALID for what is no such key.
 * Threads: any.
 * Blocks: no.
 * Perl: "\cC". */
int32_t ipc_pty_control(const char *key);

/* ---- expect: patterns over any stream --------------------------------------------------------------------------- */

/* As timeout_ms of ipc_expect_wait: the list's own limit, 30 seconds at first. */
#define PERLIPC_DEFAULT (-2)

/* A new list, empty.
 *
 * Returns: the list, never NULL.
 * Errors: none.
 * Threads: any.
 * Blocks: no.
 * Perl: none. */
PERLIPC_NODISCARD ipc_expect *ipc_expect_new(void);

/* One more pattern: these bytes, as they are.
 *
 * Returns: its index.
 * Errors: PERLIPC_E_INVALID for an empty text.
 * Threads: one at a time builds the list.
 * Blocks: no.
 * Perl: a string in expect's list. */
int32_t ipc_expect_text(ipc_expect *e, const void *data, size_t len);

/* One more pattern: a regular expression over bytes, in Perl's syntax without look-around and back references.
 *
 * Returns: its index.
 * Errors: PERLIPC_E_INVALID; ipc_error_last_text says what is wrong with it.
 * Threads: one at a time builds the list.
 * Blocks: no.
 * Perl: -re in expect's list. */
int32_t ipc_expect_regex(ipc_expect *e, const char *pattern);

/* The end of the stream counts as found. Without it, it is -ENODATA.
 *
 * Returns: its index.
 * Errors: PERLIPC_E_INVALID for a bad handle.
 * Threads: one at a time builds the list.
 * Blocks: no.
 * Perl: eof in expect's list. */
int32_t ipc_expect_eof(ipc_expect *e);

/* The timeout counts as found. Without it, it is -ETIMEDOUT.
 *
 * Returns: its index.
 * Errors: PERLIPC_E_INVALID for a bad handle.
 * Threads: one at a time builds the list.
 * Blocks: no.
 * Perl: timeout in expect's list. */
int32_t ipc_expect_timeout(ipc_expect *e);

/* Whether only decided matches count, those that no further byte could change: the leftmost wins, then the first of the
 * list, however the bytes arrive. Off at first: after each read the first of the list that matches anywhere in what is
 * unread wins, and "$" is the end of what has arrived.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for a bad handle.
 * Threads: one at a time builds the list.
 * Blocks: no.
 * Perl: none. */
int32_t ipc_expect_settled(ipc_expect *e, int32_t on);

/* How many of the last bytes are kept, at least, while nothing is found; 0: all, as at first. A match that began further
 * back, or may have, is PERLIPC_E_TOO_LONG.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for a bad handle.
 * Threads: one at a time builds the list.
 * Blocks: no.
 * Perl: $exp->max_accum. */
int32_t ipc_expect_window(ipc_expect *e, size_t size);

/* The limit of waits with PERLIPC_DEFAULT; -1: none.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for a bad handle.
 * Threads: one at a time builds the list.
 * Blocks: no.
 * Perl: $Expect::Default_Timeout. */
int32_t ipc_expect_limit(ipc_expect *e, int32_t timeout_ms);

/* Waits until one of the patterns is found in the stream, which then goes on behind it. What was found is asked from the
 * stream: ipc_expect_before, ipc_expect_match.
 *
 * Returns: the pattern's index.
 * Errors: -ETIMEDOUT and -ENODATA (the end), when they are not in the list: what arrived is unread still, and
 * ipc_expect_before has it; PERLIPC_E_TOO_LONG beyond the window; as ipc_stream_read.
 * Threads: any; one at a time reads the stream.
 * Blocks: until a pattern is found, the end, the timeout, or the stream's time limits.
 * Perl: $exp->expect. */
PERLIPC_NODISCARD int32_t ipc_expect_wait(const ipc_expect *e, ipc_stream *s, int32_t timeout_ms);

/* What had arrived before the match; after a timeout or the end, all that is unread. Borrowed: valid until the next call
 * that reads the stream or frees it. No NUL is promised to follow.
 *
 * Returns: the bytes, and their number in `len`; NULL when nothing was looked for.
 * Errors: none: NULL for a bad handle too.
 * Threads: any; one at a time reads the stream.
 * Blocks: no.
 * Perl: $exp->before. */
const void *ipc_expect_before(const ipc_stream *s, size_t *len);

/* What matched: `group` 0 is all of it, the others are the groups of the regular expression. Borrowed, as
 * ipc_expect_before. What came after it is what the stream reads next.
 *
 * Returns: the bytes, and their number in `len`; NULL for a group that took no part.
 * Errors: none: NULL for a bad handle too.
 * Threads: any; one at a time reads the stream.
 * Blocks: no.
 * Perl: $exp->match, $exp->matchlist. */
const void *ipc_expect_match(const ipc_stream *s, int32_t group, size_t *len);

/* A dialogue in one call: `pairs` is a NULL-ended list of texts, one to wait for, one to answer with, and so on. An empty
 * text waits for nothing, an empty answer says nothing.
 *
 * Returns: how many pairs were done: all.
 * Errors: as ipc_expect_wait and ipc_stream_write; PERLIPC_E_INVALID for a list of odd length.
 * Threads: any; one at a time uses the stream.
 * Blocks: until all are through, or the timeout, which is of all together.
 * Perl: none; chat's scripts. */
PERLIPC_NODISCARD int32_t ipc_expect_script(ipc_stream *s, const char *const *pairs, int32_t timeout_ms);

/* A copy of all that is read by lines or expect goes to this descriptor, of which the stream keeps a duplicate; -1:
 * nowhere, as at first.
 *
 * Returns: 0.
 * Errors: -EBADF, also for one that is not open for writing.
 * Threads: any; one at a time reads the stream.
 * Blocks: no; but a log that is full stands in the way of later reads, until their time is over: what was read is in the
 * stream then, and goes to the log with the next read. A poll set that looks for lines keeps up to 1 MiB for it; then the
 * stream counts as ready, and the read waits for the log.
 * Perl: $exp->log_file. */
int32_t ipc_expect_log(ipc_stream *s, int32_t fd);

/* Frees the list; NULL is nothing.
 *
 * Returns: nothing.
 * Errors: none.
 * Threads: any; nobody may use it any more.
 * Blocks: no.
 * Perl: none. */
void ipc_expect_free(ipc_expect *e);

/* ---- interact: the user's terminal joined with a child's -------------------------------------------------------- */

/* ipc_interact_run: the child has said all it will say. */
#define PERLIPC_INTERACT_EOF 0

/* ipc_interact_run: the escape key was typed. */
#define PERLIPC_INTERACT_ESCAPE 1

/* ipc_interact_run: the user's terminal was hung up. */
#define PERLIPC_INTERACT_INPUT 2

/* Called when a pattern was seen, with what matched, and with the terminal as it was before: it may write to the stream,
 * read from it, expect. 0: go on; anything else ends ipc_interact_run, which returns it.
 *
 * Callbacks: on the thread that called ipc_interact_run. */
typedef int32_t (*ipc_interact_fn)(ipc_stream *s, const void *data, size_t len, void *userdata);

/* What ipc_pty_interact does, with more to say: which terminal, and what is looked out for. With the standard input and
 * output, Control-] as the escape key, and no patterns at first.
 *
 * Returns: the handle, never NULL.
 * Errors: none.
 * Threads: any.
 * Blocks: no.
 * Perl: none. */
PERLIPC_NODISCARD ipc_interact *ipc_interact_new(void);

/* The key that ends it, which the child does not get: a byte; -1: there is none.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for what is no byte.
 * Threads: one at a time uses the handle.
 * Blocks: no.
 * Perl: the escape of $exp->interact. */
int32_t ipc_interact_escape(ipc_interact *i, int32_t byte);

/* The descriptors of the user's terminal, which stay the caller's and open for as long as the handle is used. They need not
 * be a terminal: at the end of the input the child is told so, and is listened to until it ends.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for a bad handle; a bad descriptor is told by ipc_interact_run.
 * Threads: one at a time uses the handle.
 * Blocks: no.
 * Perl: the handles of Expect::interconnect. */
int32_t ipc_interact_terminal(ipc_interact *i, int32_t input, int32_t output);

/* A key that the child does not get, or several in a row. With a callback, that is called; without one (NULL),
 * ipc_interact_run returns the number.
 *
 * Returns: its number, 3 or more.
 * Errors: PERLIPC_E_INVALID for an empty key.
 * Threads: one at a time uses the handle.
 * Blocks: no.
 * Callbacks: `callback`, on the thread that called ipc_interact_run.
 * Perl: $exp->set_seq. */
int32_t ipc_interact_key(ipc_interact *i, const void *data, size_t len, ipc_interact_fn callback, void *userdata);

/* A regular expression, as ipc_expect_regex's, in what the user types; the child gets that all the same. The callback as
 * ipc_interact_key's.
 *
 * Returns: its number, 3 or more.
 * Errors: PERLIPC_E_INVALID; also for one that matches nothing at all, everywhere.
 * Threads: one at a time uses the handle.
 * Blocks: no.
 * Callbacks: `callback`, on the thread that called ipc_interact_run.
 * Perl: none. */
int32_t ipc_interact_input(ipc_interact *i, const char *pattern, ipc_interact_fn callback, void *userdata);

/* The same in what the child says, which is shown all the same, up to the end of the match before the callback is called;
 * the rest is unread in the stream.
 *
 * Returns: its number, 3 or more.
 * Errors: as ipc_interact_input.
 * Threads: one at a time uses the handle.
 * Blocks: no.
 * Callbacks: `callback`, on the thread that called ipc_interact_run.
 * Perl: none. */
int32_t ipc_interact_output(ipc_interact *i, const char *pattern, ipc_interact_fn callback, void *userdata);

/* Joins the two: see ipc_pty_interact. It comes back for the reasons there, when a pattern without a callback was seen,
 * or when a callback says so; called again it goes on, and nothing is lost in between. Of a stream that is no pty the
 * user's terminal stays as it is, a line at a time.
 *
 * Returns: PERLIPC_INTERACT_EOF, PERLIPC_INTERACT_ESCAPE, PERLIPC_INTERACT_INPUT; a pattern's number; what a callback
 * returned.
 * Errors: -ETIMEDOUT, PERLIPC_E_HANDLER, PERLIPC_E_CANCELED, PERLIPC_E_CLOSED; PERLIPC_E_BUSY when a terminal is joined
 * already; PERLIPC_E_TOO_LONG for a line of 4096 bytes or more, from what is no terminal, for a pty that hands on lines; -EBADF
 * for a stream that does not read and write.
 * Threads: any, one at a time in a process; it alone uses the stream, but for the callbacks.
 * Blocks: until there is something to tell, the timeout, or the stream's deadline; its limit of each call does not count.
 * Callbacks: those of the patterns, on the calling thread, with the terminal as it was before.
 * Perl: $exp->interact, Expect::interconnect. */
PERLIPC_NODISCARD int32_t ipc_interact_run(ipc_interact *i, ipc_stream *s, int32_t timeout_ms);

/* What matched last: `group` 0 is all of it, the others are the groups of the regular expression. Borrowed: valid until the
 * handle is used again. No NUL is promised to follow.
 *
 * Returns: the bytes, and their number in `len`; NULL for a group that took no part.
 * Errors: none: NULL for a bad handle too.
 * Threads: one at a time uses the handle.
 * Blocks: no.
 * Perl: none. */
const void *ipc_interact_match(const ipc_interact *i, int32_t group, size_t *len);

/* Frees the handle; NULL is nothing.
 *
 * Returns: nothing.
 * Errors: none.
 * Threads: any; nobody may use it any more.
 * Blocks: no.
 * Perl: none. */
void ipc_interact_free(ipc_interact *i);

/* ---- fifo: named pipes ------------------------------------------------------------------------------------------ */

/* Makes a FIFO with this mode (0600, say), from which the process's mask takes its bits.
 *
 * Returns: 0.
 * Errors: -EEXIST when the name is taken; -ENOENT, -EACCES.
 * Threads: any.
 * Blocks: no.
 * Perl: POSIX::mkfifo. */
PERLIPC_NODISCARD int32_t ipc_fifo_make(const char *path, uint32_t mode);

/* Makes a FIFO in a new directory that only this user can enter, so that nobody can put another in its place; below
 * XDG_RUNTIME_DIR, TMPDIR or /tmp. Both are the caller's to remove (unlink, rmdir).
 *
 * Returns: the length of its path, copied to `path` with a NUL.
 * Errors: -ERANGE when the path does not fit: then nothing is left; -EACCES.
 * Threads: any.
 * Blocks: no.
 * Perl: none. */
PERLIPC_NODISCARD int32_t ipc_fifo_private(char *path, size_t cap);

/* Whether there is a FIFO of that name.
 *
 * Returns: 1 or 0; what is missing is none, nor is a name that leads nowhere.
 * Errors: -EACCES and the like.
 * Threads: any.
 * Blocks: no.
 * Perl: -p. */
int32_t ipc_fifo_is(const char *path);

/* Opens a FIFO: "<" to read, waiting for a writer, until the last writer has closed; ">" to write, waiting for a reader;
 * "+<" waits for nobody, and reads on while writers come and go. Writes are buffered until a flush or close; those of
 * "+<", which the same stream may read, go out at once.
 *
 * Returns: 0, and the stream in `out`.
 * Errors: -ENOENT; -ETIMEDOUT; PERLIPC_E_HANDLER; PERLIPC_E_INVALID for what is no FIFO, or another mode.
 * Threads: any.
 * Blocks: until the other side opens it, or the timeout; with a timeout it looks every 1 to 20 ms.
 * Perl: open FH, "<", $fifo. */
PERLIPC_NODISCARD int32_t ipc_fifo_open(const char *path, const char *mode, int32_t timeout_ms, ipc_stream **out);

/* ---- sysv: keys, limits and the list of the System V objects ---------------------------------------------------- */

/* The key that no other get finds: each makes a new object. */
#define PERLIPC_PRIVATE 0

/* Make it if there is none. */
#define PERLIPC_CREAT 512

/* Fail with -EEXIST if there is one. */
#define PERLIPC_EXCL 1024

/* Do not wait. */
#define PERLIPC_NOWAIT 2048

/* A key from a file and a number (its low eight bits), the same for all who name the same file. Two files can have the
 * same key.
 *
 * Returns: 0, and the key in `key`.
 * Errors: -ENOENT and the like for the file.
 * Threads: any.
 * Blocks: no.
 * Perl: IPC::SysV's ftok; its default for the number is 1. */
PERLIPC_NODISCARD int32_t ipc_ftok(const char *path, int32_t id, int32_t *key);

/* A key from a name, the same in every process and language: a hash of it, never PERLIPC_PRIVATE. Who finds an object by
 * it should look who made it ("cuid"); ipc_sem_named, ipc_shm_named and ipc_msg_named do.
 *
 * Returns: 0, and the key in `key`.
 * Errors: PERLIPC_E_INVALID for what is not UTF-8.
 * Threads: any.
 * Blocks: no.
 * Perl: none. */
int32_t ipc_sysv_key(const char *name, int32_t *key);

/* A limit of this system by its name: "semmsl" "semmns" "semopm" "semmni", "shmmax" "shmall" "shmmni", "msgmax" "msgmnb"
 * "msgmni". Errors that come of one name it.
 *
 * Returns: its value; INT64_MAX also for what is greater.
 * Errors: PERLIPC_E_INVALID for another name, -ENOENT where /proc is missing.
 * Threads: any.
 * Blocks: no.
 * Perl: none. */
int64_t ipc_sysv_limit(const char *name);

/* All objects of this system, whoever made them: a line each, "sem 3 0x4d2 uid 0 gid 0 cuid 0 cgid 0 mode 600 size 1
 * count 0\n". Size: semaphores, bytes of memory, bytes in the queue; count: attachments, messages.
 *
 * Returns: the length of the text, without the NUL that follows.
 * Errors: -ERANGE when `cap` is too small; nothing is cut. -ENOENT where /proc is missing.
 * Threads: any.
 * Blocks: no.
 * Perl: `ipcs`. */
int32_t ipc_sysv_list(char *text, size_t cap);

/* ---- sem: System V semaphores by id, as in Perl ----------------------------------------------------------------- */

/* Undo the change when the process ends: a flag of an operation. */
#define PERLIPC_UNDO 4096

/* The set with that key, or a new one: `flags` are permissions, PERLIPC_CREAT and PERLIPC_EXCL. A new one has zeros; see
 * ipc_sem_create.
 *
 * Returns: its id.
 * Errors: -ENOENT, -EEXIST, -EACCES; -EINVAL when it has fewer semaphores or for none in a new one; -ENOSPC, whose text
 * names the limit and its value.
 * Threads: any.
 * Blocks: no.
 * Perl: semget. */
PERLIPC_NODISCARD int32_t ipc_sem_get(int32_t key, int32_t count, uint32_t flags);

/* Makes a set with these values. Who attaches with ipc_sem_attach or ipc_sem_open never sees it before they are there.
 *
 * Returns: its id.
 * Errors: -EEXIST; else as ipc_sem_get. -ERANGE for a value that is negative or greater than 32767.
 * Threads: any.
 * Blocks: no.
 * Perl: semget with IPC_CREAT | IPC_EXCL, then semctl SETALL, without the race. */
PERLIPC_NODISCARD int32_t ipc_sem_create(int32_t key, const int32_t *values, int32_t count, uint32_t mode);

/* The set with that key, once its creator has initialised it.
 *
 * Returns: its id.
 * Errors: -ENOENT, -EACCES; -ETIMEDOUT when nobody has initialised it: a semget of somebody's that was never used.
 * Threads: any.
 * Blocks: until it is initialised, or the timeout.
 * Perl: semget, then semctl IPC_STAT until sem_otime is set. */
PERLIPC_NODISCARD int32_t ipc_sem_attach(int32_t key, int32_t timeout_ms);

/* The set with that key, made with these values if there is none. However many processes call it at once, one creates,
 * and all see the values.
 *
 * Returns: its id.
 * Errors: as ipc_sem_create and ipc_sem_attach, but for -EEXIST and -ENOENT.
 * Threads: any.
 * Blocks: as ipc_sem_attach.
 * Perl: none. */
PERLIPC_NODISCARD int32_t ipc_sem_open(int32_t key, const int32_t *values, int32_t count, uint32_t mode, int32_t timeout_ms);

/* The same by a name (see ipc_sysv_key); the set must be of our own making or root's.
 *
 * Returns: its id.
 * Errors: as ipc_sem_open; -EACCES when another user has made it.
 * Threads: any.
 * Blocks: as ipc_sem_attach.
 * Perl: none. */
PERLIPC_NODISCARD int32_t ipc_sem_named(const char *name, const int32_t *values, int32_t count, uint32_t mode, int32_t timeout_ms);

/* Perl's opstring: `count` triples of semaphore, change and flags (PERLIPC_NOWAIT, PERLIPC_UNDO), done all at once or not
 * at all. A change of 0 waits until the value is 0.
 *
 * Returns: 0.
 * Errors: -EAGAIN where PERLIPC_NOWAIT would have to wait, -ETIMEDOUT; -EIDRM, -EINVAL when the set is removed; -EFBIG,
 * -ERANGE, -E2BIG as semop(2).
 * Threads: any.
 * Blocks: until all can be done, or the timeout; signal handlers run meanwhile.
 * Perl: semop. */
PERLIPC_NODISCARD int32_t ipc_sem_op(int32_t id, const int16_t *triples, size_t count, int32_t timeout_ms);

/* Takes one of a semaphore's units. The programs of Perl's manual count the other way (0 is free): see ipc_sem_op.
 *
 * Returns: 0.
 * Errors: -ETIMEDOUT; -EIDRM, -EINVAL when the set is removed.
 * Threads: any.
 * Blocks: until there is one, or the timeout; signal handlers run meanwhile.
 * Perl: semop with (index, -1, 0). */
PERLIPC_NODISCARD int32_t ipc_sem_take(int32_t id, int32_t index, int32_t timeout_ms);

/* Gives one back.
 *
 * Returns: 0.
 * Errors: -ERANGE beyond 32767; -EIDRM, -EINVAL when the set is removed.
 * Threads: any.
 * Blocks: no.
 * Perl: semop with (index, 1, 0). */
int32_t ipc_sem_give(int32_t id, int32_t index);

/* ipc_sem_take, given back by the kernel if the process ends before it gives.
 *
 * Returns: 0.
 * Errors: as ipc_sem_take.
 * Threads: any.
 * Blocks: as ipc_sem_take.
 * Perl: semop with (index, -1, SEM_UNDO). */
PERLIPC_NODISCARD int32_t ipc_sem_take_undo(int32_t id, int32_t index, int32_t timeout_ms);

/* ipc_sem_give of what ipc_sem_take_undo took.
 *
 * Returns: 0.
 * Errors: as ipc_sem_give.
 * Threads: any.
 * Blocks: no.
 * Perl: semop with (index, 1, SEM_UNDO). */
int32_t ipc_sem_give_undo(int32_t id, int32_t index);

/* A semaphore's value.
 *
 * Returns: 0 to 32767.
 * Errors: -EINVAL for a semaphore or set that is not there; PERLIPC_E_INVALID for a number below 0 or beyond 65535.
 * Threads: any.
 * Blocks: no.
 * Perl: semctl GETVAL. */
int32_t ipc_sem_value(int32_t id, int32_t index);

/* Sets a semaphore's value; what processes have to undo on it is forgotten.
 *
 * Returns: 0.
 * Errors: -ERANGE, -EINVAL, -EACCES.
 * Threads: any.
 * Blocks: no.
 * Perl: semctl SETVAL. */
int32_t ipc_sem_set(int32_t id, int32_t index, int32_t value);

/* All values of a set.
 *
 * Returns: how many it has; `values` has them.
 * Errors: -ERANGE when there are more than `cap`; nothing is cut.
 * Threads: any.
 * Blocks: no.
 * Perl: semctl GETALL. */
int32_t ipc_sem_values(int32_t id, int32_t *values, int32_t cap);

/* Sets all values of a set: as many as it has.
 *
 * Returns: 0.
 * Errors: -EINVAL for another number of them, -ERANGE, -EACCES.
 * Threads: any.
 * Blocks: no.
 * Perl: semctl SETALL. */
int32_t ipc_sem_set_values(int32_t id, const int32_t *values, int32_t count);

/* Who operated on a semaphore last.
 *
 * Returns: a pid, 0 for nobody.
 * Errors: as ipc_sem_value.
 * Threads: any.
 * Blocks: no.
 * Perl: semctl GETPID. */
int32_t ipc_sem_pid(int32_t id, int32_t index);

/* How many processes wait for a semaphore: for more (`for_zero` 0), or for zero.
 *
 * Returns: their number.
 * Errors: as ipc_sem_value.
 * Threads: any.
 * Blocks: no.
 * Perl: semctl GETNCNT, GETZCNT. */
int32_t ipc_sem_waiting(int32_t id, int32_t index, int32_t for_zero);

/* What is known of a set, by a field's name: "uid" "gid" "cuid" "cgid" "mode" "seq", "key" (as an unsigned number),
 * "nsems", "otime" (of the last operation; 0 never) "ctime".
 *
 * Returns: the field.
 * Errors: -EINVAL when the set is removed, -EACCES; PERLIPC_E_INVALID for another name.
 * Threads: any.
 * Blocks: no.
 * Perl: semctl IPC_STAT. */
int64_t ipc_sem_stat(int32_t id, const char *field);

/* Changes one of "uid", "gid", "mode".
 *
 * Returns: 0.
 * Errors: -EPERM when the set is not ours; PERLIPC_E_INVALID for another field.
 * Threads: any.
 * Blocks: no.
 * Perl: semctl IPC_SET. */
int32_t ipc_sem_change(int32_t id, const char *field, int64_t value);

/* Removes a set. Who waits on it gets -EIDRM.
 *
 * Returns: 0.
 * Errors: -EINVAL when it is removed, -EPERM when it is not ours.
 * Threads: any.
 * Blocks: no.
 * Perl: semctl IPC_RMID. */
int32_t ipc_sem_remove(int32_t id);

/* ---- shm: System V shared memory by id, and attached ------------------------------------------------------------ */

/* Attach for reading only. */
#define PERLIPC_RDONLY 4096

/* Round the address down to where a segment can begin. */
#define PERLIPC_RND 8192

/* Attach in the place of what is at the address. */
#define PERLIPC_REMAP 16384

/* The segment with that key, or a new one of zeros: `flags` are permissions, PERLIPC_CREAT and PERLIPC_EXCL.
 *
 * Returns: its id.
 * Errors: -ENOENT, -EEXIST, -EACCES; -EINVAL when it is smaller or for size 0 of a new one; -ENOSPC, whose text names the
 * limit and its value.
 * Threads: any.
 * Blocks: no.
 * Perl: shmget. */
PERLIPC_NODISCARD int32_t ipc_shm_get(int32_t key, size_t size, uint32_t flags);

/* The segment of a name (see ipc_sysv_key), made if there is none; it must be of our own making or root's.
 *
 * Returns: its id.
 * Errors: as ipc_shm_get; -EACCES when another user has made it.
 * Threads: any.
 * Blocks: no.
 * Perl: none. */
PERLIPC_NODISCARD int32_t ipc_shm_named(const char *name, size_t size, uint32_t mode);

/* Reads `len` bytes from position `pos`. The segment stays attached for the next time; that it was removed by another
 * process is noticed within 10 ms.
 *
 * Returns: `len`.
 * Errors: -EFAULT outside the segment, and nothing is read; -EIDRM, -EINVAL when it is removed; -EACCES.
 * Threads: any. What others write meanwhile may be there in part.
 * Blocks: no.
 * Perl: shmread. */
PERLIPC_NODISCARD int64_t ipc_shm_read(int32_t id, void *data, size_t pos, size_t len);

/* Writes `len` bytes at position `pos`; else as ipc_shm_read. Perl's padding with NULs is the caller's.
 *
 * Returns: `len`.
 * Errors: as ipc_shm_read, and nothing is written.
 * Threads: any. What others write meanwhile may be mixed with it.
 * Blocks: no.
 * Perl: shmwrite. */
PERLIPC_NODISCARD int64_t ipc_shm_write(int32_t id, const void *data, size_t pos, size_t len);

/* Lets go of what ipc_shm_read and ipc_shm_write keep attached.
 *
 * Returns: 1, 0 when nothing was.
 * Errors: none.
 * Threads: any.
 * Blocks: no.
 * Perl: none; it detaches each time. */
int32_t ipc_shm_forget(int32_t id);

/* Attaches a segment as memory: `flags` 0 or PERLIPC_RDONLY. It stays until ipc_shm_detach, also when it is removed.
 *
 * Returns: 0; where it is in `addr`, its length in `size`.
 * Errors: -EINVAL, -EIDRM when it is removed; -EACCES, -ENOMEM. `addr` is NULL then. PERLIPC_E_INVALID for no `addr`.
 * Threads: any.
 * Blocks: no.
 * Perl: IPC::SysV's shmat. */
PERLIPC_NODISCARD int32_t ipc_shm_attach(int32_t id, uint32_t flags, void **addr, size_t *size);

/* Attaches at an address of the caller's choice: `flags` PERLIPC_RDONLY, PERLIPC_RND, PERLIPC_REMAP. NULL leaves the
 * choice to the system.
 *
 * Returns: 0; where it is in `addr`.
 * Errors: -EINVAL for an address where it cannot be; else as ipc_shm_attach.
 * Threads: any.
 * Blocks: no.
 * Perl: IPC::SysV's shmat. */
PERLIPC_NODISCARD int32_t ipc_shm_attach_at(int32_t id, const void *at, uint32_t flags, void **addr);

/* Detaches what was attached at that address; nobody uses the memory any more.
 *
 * Returns: 0.
 * Errors: -EINVAL when nothing is attached there.
 * Threads: any.
 * Blocks: no.
 * Perl: IPC::SysV's shmdt. */
int32_t ipc_shm_detach(void *addr);

/* What is known of a segment, by a field's name: those of ipc_sem_stat that all have, and "segsz" "nattch" "cpid" "lpid"
 * "atime" "dtime" "ctime", "removed" (1 when it goes with its last attachment).
 *
 * Returns: the field.
 * Errors: -EINVAL when it is removed, -EACCES; PERLIPC_E_INVALID for another name.
 * Threads: any.
 * Blocks: no.
 * Perl: shmctl IPC_STAT. */
int64_t ipc_shm_stat(int32_t id, const char *field);

/* Changes one of "uid", "gid", "mode".
 *
 * Returns: 0.
 * Errors: -EPERM when the segment is not ours; PERLIPC_E_INVALID for another field.
 * Threads: any.
 * Blocks: no.
 * Perl: shmctl IPC_SET. */
int32_t ipc_shm_change(int32_t id, const char *field, int64_t value);

/* Removes a segment: no key finds it any more, and its memory goes with the last attachment.
 *
 * Returns: 0.
 * Errors: -EINVAL when it is removed, -EPERM when it is not ours.
 * Threads: any.
 * Blocks: no.
 * Perl: shmctl IPC_RMID. */
int32_t ipc_shm_remove(int32_t id);

/* ---- msg: System V message queues by id ------------------------------------------------------------------------- */

/* Cut a message that is too long rather than refuse it. */
#define PERLIPC_NOERROR 4096

/* Any type but that one. */
#define PERLIPC_EXCEPT 8192

/* The queue with that key, or a new one: `flags` are permissions, PERLIPC_CREAT and PERLIPC_EXCL.
 *
 * Returns: its id.
 * Errors: -ENOENT, -EEXIST, -EACCES; -ENOSPC, whose text names the limit and its value.
 * Threads: any.
 * Blocks: no.
 * Perl: msgget. */
PERLIPC_NODISCARD int32_t ipc_msg_get(int32_t key, uint32_t flags);

/* The queue of a name (see ipc_sysv_key), made if there is none; it must be of our own making or root's.
 *
 * Returns: its id.
 * Errors: as ipc_msg_get; -EACCES when another user has made it.
 * Threads: any.
 * Blocks: no.
 * Perl: none. */
PERLIPC_NODISCARD int32_t ipc_msg_named(const char *name, uint32_t mode);

/* Sends a message of a type, which is positive. `flags`: PERLIPC_NOWAIT.
 *
 * Returns: 0.
 * Errors: -EAGAIN when the queue is full and PERLIPC_NOWAIT was said, -ETIMEDOUT; -EINVAL for a type below 1, a removed
 * queue, and more than the limit "msgmax", which the text names; -EIDRM, -EACCES.
 * Threads: any.
 * Blocks: while the queue is full, or until the timeout; signal handlers run meanwhile. With a timeout it is tried at
 * intervals of up to 20 ms: the kernel has no timed form.
 * Perl: msgsnd. */
PERLIPC_NODISCARD int32_t ipc_msg_send(int32_t id, int64_t type, const void *data, size_t len, uint32_t flags, int32_t timeout_ms);

/* Receives a message: the first (`type` 0), the first of a type, or of the lowest type up to -`type`. `flags`:
 * PERLIPC_NOWAIT, PERLIPC_NOERROR, PERLIPC_EXCEPT.
 *
 * Returns: its length; with PERLIPC_NOERROR greater than `cap` when it was cut. Its type in `got_type`, NULL if unwanted.
 * Errors: -ENOMSG when there is none and PERLIPC_NOWAIT was said, -ETIMEDOUT; -E2BIG when it does not fit: it stays in
 * the queue; -EIDRM, -EINVAL, -EACCES.
 * Threads: any.
 * Blocks: until there is one, or the timeout; else as ipc_msg_send.
 * Perl: msgrcv. */
PERLIPC_NODISCARD int64_t ipc_msg_recv(int32_t id, int64_t type, void *data, size_t cap, uint32_t flags, int32_t timeout_ms, int64_t *got_type);

/* What is known of a queue, by a field's name: those of ipc_sem_stat that all have, and "qnum" "cbytes" "qbytes" "lspid"
 * "lrpid" "stime" "rtime" "ctime".
 *
 * Returns: the field.
 * Errors: -EINVAL when it is removed, -EACCES; PERLIPC_E_INVALID for another name.
 * Threads: any.
 * Blocks: no.
 * Perl: msgctl IPC_STAT. */
int64_t ipc_msg_stat(int32_t id, const char *field);

/* Changes one of "uid", "gid", "mode", "qbytes".
 *
 * Returns: 0.
 * Errors: -EPERM when the queue is not ours, or for more "qbytes" than the limit "msgmnb", which the text names;
 * PERLIPC_E_INVALID for another field.
 * Threads: any.
 * Blocks: no.
 * Perl: msgctl IPC_SET. */
int32_t ipc_msg_change(int32_t id, const char *field, int64_t value);

/* Removes a queue and all that is in it. Who waits on it gets -EIDRM.
 *
 * Returns: 0.
 * Errors: -EINVAL when it is removed, -EPERM when it is not ours.
 * Threads: any.
 * Blocks: no.
 * Perl: msgctl IPC_RMID. */
int32_t ipc_msg_remove(int32_t id);

/* ---- lock: between processes; it survives its holder ------------------------------------------------------------ */

/* The lock of a name, made if there is none: without a slash in it this machine's (in /dev/shm), with one a file. NULL is
 * a lock of this process and the children it forks. It must be of our own making or root's.
 *
 * Returns: 0, and the lock in `out`.
 * Errors: -EACCES when another user has made it; -ENOSPC when there is no room for it, and so never a SIGBUS later;
 * PERLIPC_E_INVALID when something else has the name.
 * Threads: any.
 * Blocks: no.
 * Perl: none. */
PERLIPC_NODISCARD int32_t ipc_lock_open(const char *name, uint32_t mode, ipc_lock **out);

/* Takes it.
 *
 * Returns: 0; 1 when its holder died with it, and what it guards may be half done.
 * Errors: -ETIMEDOUT; -EDEADLK when this thread has it already.
 * Threads: any.
 * Blocks: until it is free, or the timeout; signal handlers run meanwhile.
 * Perl: none. */
PERLIPC_NODISCARD int32_t ipc_lock_take(ipc_lock *l, int32_t timeout_ms);

/* Gives it back.
 *
 * Returns: 0.
 * Errors: -EPERM when this thread does not have it.
 * Threads: the one that took it.
 * Blocks: no.
 * Perl: none. */
int32_t ipc_lock_give(ipc_lock *l);

/* Takes a lock's name away. Who has it open keeps it; who opens the name later gets another one.
 *
 * Returns: 0.
 * Errors: -ENOENT, -EACCES; PERLIPC_E_INVALID for what is no lock, which keeps its name.
 * Threads: any.
 * Blocks: no.
 * Perl: none. */
int32_t ipc_lock_remove(const char *name);

/* Frees the handle, and gives the lock back if this thread has it. The name stays. NULL is nothing.
 *
 * Returns: nothing.
 * Errors: none.
 * Threads: no other uses it any more.
 * Blocks: no.
 * Perl: none. */
void ipc_lock_free(ipc_lock *l);

/* ---- futex: a semaphore that makes no system call while nobody waits -------------------------------------------- */

/* The semaphore of a name, made with that value if there is none; names as for ipc_lock_open. NULL is one of this process
 * and the children it forks.
 *
 * Returns: 0, and the semaphore in `out`.
 * Errors: as ipc_lock_open; -EINVAL for a value greater than 2147483647.
 * Threads: any.
 * Blocks: no.
 * Perl: none. */
PERLIPC_NODISCARD int32_t ipc_futex_open(const char *name, uint32_t value, uint32_t mode, ipc_futex **out);

/* Takes one unit.
 *
 * Returns: 0.
 * Errors: -ETIMEDOUT.
 * Threads: any.
 * Blocks: until there is one, or the timeout; signal handlers run meanwhile.
 * Perl: none. */
PERLIPC_NODISCARD int32_t ipc_futex_take(ipc_futex *f, int32_t timeout_ms);

/* Gives one unit, whoever took it.
 *
 * Returns: 0.
 * Errors: -EOVERFLOW beyond 2147483647.
 * Threads: any.
 * Blocks: no.
 * Perl: none. */
int32_t ipc_futex_give(ipc_futex *f);

/* How many units there are now.
 *
 * Returns: their number.
 * Errors: PERLIPC_E_INVALID for a bad handle.
 * Threads: any.
 * Blocks: no.
 * Perl: none. */
int32_t ipc_futex_value(const ipc_futex *f);

/* Takes a semaphore's name away. Who has it open keeps it; who opens the name later gets another one.
 *
 * Returns: 0.
 * Errors: -ENOENT, -EACCES; PERLIPC_E_INVALID for what is no such semaphore, which keeps its name.
 * Threads: any.
 * Blocks: no.
 * Perl: none. */
int32_t ipc_futex_remove(const char *name);

/* Frees the handle. The name stays, and what was taken stays taken. NULL is nothing.
 *
 * Returns: nothing.
 * Errors: none.
 * Threads: no other uses it any more.
 * Blocks: no.
 * Perl: none. */
void ipc_futex_free(ipc_futex *f);

/* ---- value: a variable that processes share --------------------------------------------------------------------- */

/* The value of a name, made (with nothing in it) if there is none; names as for ipc_lock_open. All who open it say the
 * same size.
 *
 * Returns: 0, and the value in `out`.
 * Errors: as ipc_lock_open; PERLIPC_E_INVALID when it has another size.
 * Threads: any.
 * Blocks: no.
 * Perl: what the manual says cannot be done. */
PERLIPC_NODISCARD int32_t ipc_value_open(const char *name, size_t size, uint32_t mode, ipc_value **out);

/* Copies the value, as much of it as fits.
 *
 * Returns: its length, which is greater than `cap` when it did not fit.
 * Errors: PERLIPC_E_INVALID for a bad handle.
 * Threads: any.
 * Blocks: no lock is taken, unless writers leave no gap to read in.
 * Perl: none. */
PERLIPC_NODISCARD int64_t ipc_value_read(ipc_value *v, void *data, size_t cap);

/* Puts a new value in the place of the old one.
 *
 * Returns: `len`.
 * Errors: -EMSGSIZE when it is longer than the size.
 * Threads: any.
 * Blocks: while another writer is at work, or has the lock (ipc_value_take).
 * Perl: none. */
PERLIPC_NODISCARD int64_t ipc_value_write(ipc_value *v, const void *data, size_t len);

/* How often it was written: changes with each new value.
 *
 * Returns: the number.
 * Errors: PERLIPC_E_INVALID for a bad handle.
 * Threads: any.
 * Blocks: no.
 * Perl: none. */
int64_t ipc_value_version(const ipc_value *v);

/* Keeps other writers out, for a read and a write with nobody in between.
 *
 * Returns: 0; 1 when a holder died with it (the value is whole all the same).
 * Errors: as ipc_lock_take.
 * Threads: any.
 * Blocks: as ipc_lock_take.
 * Perl: none. */
PERLIPC_NODISCARD int32_t ipc_value_take(ipc_value *v, int32_t timeout_ms);

/* Lets other writers in again.
 *
 * Returns: 0.
 * Errors: -EPERM when this thread does not keep them out.
 * Threads: the one that called ipc_value_take.
 * Blocks: no.
 * Perl: none. */
int32_t ipc_value_give(ipc_value *v);

/* Takes a value's name away. Who has it open keeps it; who opens the name later gets another one.
 *
 * Returns: 0.
 * Errors: -ENOENT, -EACCES; PERLIPC_E_INVALID for what is no value, which keeps its name.
 * Threads: any.
 * Blocks: no.
 * Perl: none. */
int32_t ipc_value_remove(const char *name);

/* Frees the handle. The name stays. NULL is nothing.
 *
 * Returns: nothing.
 * Errors: none.
 * Threads: no other uses it any more.
 * Blocks: no.
 * Perl: none. */
void ipc_value_free(ipc_value *v);

/* ---- flock: advisory locks on files, with a limit --------------------------------------------------------------- */

/* Locks an open file: "SH" (others may too), "EX" (nobody else), "UN" (given up). The lock is that of the open file
 * description, and so the forked children's too.
 *
 * Returns: 0.
 * Errors: -ETIMEDOUT, -EBADF; PERLIPC_E_INVALID for another word.
 * Threads: any.
 * Blocks: until it is free, or the timeout; signal handlers run meanwhile. With a timeout it is tried at intervals of up
 * to 20 ms: the kernel has no timed form.
 * Perl: flock(FH, LOCK_EX), with LOCK_NB as timeout 0. */
PERLIPC_NODISCARD int32_t ipc_flock(int32_t fd, const char *mode, int32_t timeout_ms);

/* ---- argv: many files as one stream of lines -------------------------------------------------------------------- */

/* Is told of a name that cannot be opened, with the code of the failure. */
typedef void (*ipc_argv_report_fn)(const char *name, int32_t code, void *userdata);

/* Opens many files as one stream of lines: `names` is NULL-ended, a program's arguments say; none at all (or NULL), and none
 * pushed before the first record is asked for, is standard input. Names are taken as they are; with `magic`, "cmd |" is
 * a command whose output is read, "-" is standard input ("<-" and "<&STDIN" too), "<&3" a descriptor, and spaces around
 * do not count: trust the names then. Nothing is opened before it is read.
 *
 * Returns: 0, and the handle in `out`.
 * Errors: PERLIPC_E_INVALID for a bad out-parameter.
 * Threads: any.
 * Blocks: no.
 * Perl: <<>>; <> with magic. */
PERLIPC_NODISCARD int32_t ipc_argv_open(const char *const *names, int32_t magic, ipc_argv **out);

/* Who is told of names that cannot be opened and are passed over, in place of a line to standard error: the name and the
 * code of the failure. NULL: nobody.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for a bad handle.
 * Threads: one at a time uses the handle.
 * Blocks: no.
 * Callbacks: `report`, inside ipc_argv_readline and ipc_argv_eof_all.
 * Perl: the warning "Can't open x". */
int32_t ipc_argv_report(ipc_argv *a, ipc_argv_report_fn report, void *userdata);

/* One more name, behind the others.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for a bad handle.
 * Threads: one at a time uses the handle.
 * Blocks: no.
 * Perl: push @ARGV. */
int32_t ipc_argv_push(ipc_argv *a, const char *name);

/* What ends a record in all of the files: any bytes; `data` NULL: each file whole; `len` 0 otherwise: paragraphs.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for a bad handle.
 * Threads: one at a time uses the handle.
 * Blocks: no.
 * Perl: $/. */
int32_t ipc_argv_separator(ipc_argv *a, const void *data, size_t len);

/* Records of a fixed size in all of the files, the last one of each shorter; 0: each file whole.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for a bad handle.
 * Threads: one at a time uses the handle.
 * Blocks: no.
 * Perl: $/ = \N; $/ = undef. */
int32_t ipc_argv_record(ipc_argv *a, size_t size);

/* The next record, borrowed until the next call with the handle; a NUL follows. A name that cannot be opened is reported
 * and passed over. A command that has said all is left behind without a word on how it ended: who wants its status asks
 * ipc_argv_eof after each record, and ipc_argv_close where that is 1. One that said nothing at all is never told of.
 *
 * Returns: its length; 0 after the last file, where `line` is NULL (a file that is read whole and is empty gives 0 with a
 * `line`).
 * Errors: as ipc_stream_readline.
 * Threads: one at a time uses the handle.
 * Blocks: until a record is there.
 * Perl: <<>>, <>. */
PERLIPC_NODISCARD int64_t ipc_argv_readline(ipc_argv *a, const char **line);

/* The name of the file that was read last, as it was given; "-" for standard input. Borrowed until the next call with the
 * handle.
 *
 * Returns: the name; NULL for a bad handle, and inside a call of it.
 * Errors: none.
 * Threads: one at a time uses the handle.
 * Blocks: no.
 * Perl: $ARGV. */
const char *ipc_argv_name(ipc_argv *a);

/* How many records were read, of all files; ipc_argv_close sets it back, and so does a record of a name that was pushed
 * when the end had been told.
 *
 * Returns: the number.
 * Errors: PERLIPC_E_INVALID for a bad handle.
 * Threads: one at a time uses the handle.
 * Blocks: no.
 * Perl: $. */
int64_t ipc_argv_lineno(const ipc_argv *a);

/* Whether the record before was the last of its file.
 *
 * Returns: 1 or 0.
 * Errors: as ipc_stream_read.
 * Threads: one at a time uses the handle.
 * Blocks: until that is known.
 * Perl: eof. */
int32_t ipc_argv_eof(ipc_argv *a);

/* Whether there is no more record in any file. To know, it goes on to the next one.
 *
 * Returns: 1 or 0.
 * Errors: as ipc_stream_read.
 * Threads: one at a time uses the handle.
 * Blocks: until that is known.
 * Perl: eof(). */
int32_t ipc_argv_eof_all(ipc_argv *a);

/* Closes the current file, and counts records from 0 again; for a command, waits.
 *
 * Returns: 0; in `status` a command's native wait status, else -1.
 * Errors: as ipc_stream_close.
 * Threads: one at a time uses the handle.
 * Blocks: until the command has ended.
 * Perl: close ARGV. */
int32_t ipc_argv_close(ipc_argv *a, int32_t *status);

/* Frees it; NULL is nothing.
 *
 * Returns: nothing.
 * Errors: none.
 * Threads: any; nobody may use it any more.
 * Blocks: no.
 * Perl: none. */
void ipc_argv_free(ipc_argv *a);

/* ---- addr: hosts, services, protocols; addresses are text, "127.0.0.1:37", "/path", "@name" --------------------- */

/* The first address of a host and a service, each by name or number, as text: "127.0.0.1:37", "[::1]:37". NULL as
 * host is this machine, NULL as service port 0. A lookup that takes too long is left behind on a thread of its own.
 *
 * Returns: the length of the text.
 * Errors: PERLIPC_E_LOOKUP when a name is not known; -ETIMEDOUT; -ERANGE when it does not fit.
 * Threads: any.
 * Blocks: until the resolver answers or the timeout; not at all for numbers.
 * Perl: inet_aton, gethostbyname, getaddrinfo. */
PERLIPC_NODISCARD int32_t ipc_addr_resolve(const char *host, const char *service, int32_t timeout_ms, char *addr, size_t cap);

/* All addresses of a host and a service, in the order to try them, a newline between each two.
 *
 * Returns: the length of the text.
 * Errors: as ipc_addr_resolve.
 * Threads: any.
 * Blocks: as ipc_addr_resolve.
 * Perl: getaddrinfo. */
int32_t ipc_addr_resolve_all(const char *host, const char *service, int32_t timeout_ms, char *addrs, size_t cap);

/* The name of the host that has an address: "127.0.0.1", "::1", or with a port as ipc_addr_resolve gives it.
 *
 * Returns: the length of the name.
 * Errors: PERLIPC_E_LOOKUP when a name is not known; -ETIMEDOUT; -ERANGE when it does not fit.
 * PERLIPC_E_INVALID for text that is no Internet address.
 * Threads: any.
 * Blocks: until the resolver answers or the timeout.
 * Perl: gethostbyaddr. */
int32_t ipc_addr_name(const char *addr, int32_t timeout_ms, char *host, size_t cap);

/* The port of a service of the system's list; `protocol` NULL: of any.
 *
 * Returns: the port.
 * Errors: PERLIPC_E_LOOKUP when it is not known. Case counts.
 * Threads: any.
 * Blocks: no.
 * Perl: getservbyname. */
int32_t ipc_addr_service(const char *name, const char *protocol);

/* The name of the service at a port; `protocol` NULL: of any.
 *
 * Returns: the length of the name.
 * Errors: PERLIPC_E_LOOKUP when it is not known; -ERANGE when it does not fit.
 * Threads: any.
 * Blocks: no.
 * Perl: getservbyport. */
int32_t ipc_addr_service_name(int32_t number, const char *protocol, char *name, size_t cap);

/* The number of a protocol of the system's list: "tcp".
 *
 * Returns: the number.
 * Errors: PERLIPC_E_LOOKUP when it is not known.
 * Threads: any.
 * Blocks: no.
 * Perl: getprotobyname. */
int32_t ipc_addr_protocol(const char *name);

/* The name of a protocol.
 *
 * Returns: the length of the name.
 * Errors: PERLIPC_E_LOOKUP when it is not known; -ERANGE when it does not fit.
 * Threads: any.
 * Blocks: no.
 * Perl: getprotobynumber. */
int32_t ipc_addr_protocol_name(int32_t number, char *name, size_t cap);

/* An address as text, "127.0.0.1:37", "[::1]:37", a path with a slash or "@name", as the kernel's struct sockaddr.
 *
 * Returns: the length of the struct.
 * Errors: PERLIPC_E_INVALID for text that is no address; -ENAMETOOLONG for a path that is too long: never cut; -ERANGE when it
 * does not fit.
 * Threads: any.
 * Blocks: no.
 * Perl: pack_sockaddr_in, pack_sockaddr_in6, pack_sockaddr_un. */
int32_t ipc_addr_pack(const char *addr, void *data, size_t cap);

/* The kernel's struct sockaddr as text; a Unix socket without a name is the empty text.
 *
 * Returns: the length of the text.
 * Errors: PERLIPC_E_INVALID for a wrong length or family; -ERANGE when it does not fit.
 * Threads: any.
 * Blocks: no.
 * Perl: unpack_sockaddr_in, unpack_sockaddr_in6, unpack_sockaddr_un. */
int32_t ipc_addr_unpack(const void *data, size_t len, char *addr, size_t cap);

/* ---- tcp: connect and listen ------------------------------------------------------------------------------------ */

/* Connects to a host and a service, each by name or number; NULL as host is this machine. The timeout covers the lookup and
 * all addresses; these are tried in turn, the next one beside one that does not answer.
 *
 * Options are words with commas, or NULL: "from=10.0.0.1:0", "v4only", "v6only", "nodelay=0", and the names of
 * ipc_stream_option.
 *
 * Returns: 0, and the stream in `out`.
 * Errors: -ECONNREFUSED, -ETIMEDOUT, -EHOSTUNREACH; PERLIPC_E_LOOKUP; PERLIPC_E_INVALID for a bad option.
 * Threads: any.
 * Blocks: until it is connected or the timeout.
 * Perl: socket and connect; IO::Socket::IP->new. */
PERLIPC_NODISCARD int32_t ipc_tcp_connect(const char *host, const char *service, const char *options, int32_t timeout_ms, ipc_stream **out);

/* Listens on a local address and a service, each by name or number; NULL as host is any address, IPv4 and IPv6; NULL or
 * "0" as service is a port of the kernel's choice, which ipc_listener_addr tells.
 *
 * Options are words with commas, or NULL: "backlog=64", "reuseport", "v6only" ("v6only=0": IPv4 too, where an address
 * of IPv6 is named), "v4only", and the names of ipc_stream_option, which accepted streams inherit.
 *
 * Returns: 0, and the listener in `out`.
 * Errors: -EADDRINUSE, -EACCES, -EADDRNOTAVAIL; PERLIPC_E_LOOKUP; PERLIPC_E_INVALID for a bad option.
 * Threads: any.
 * Blocks: while a name is looked up.
 * Perl: socket, setsockopt(SO_REUSEADDR), bind and listen. */
PERLIPC_NODISCARD int32_t ipc_tcp_listen(const char *host, const char *service, const char *options, ipc_listener **out);

/* Sends one urgent byte, behind what is pending.
 *
 * Returns: 0.
 * Errors: as ipc_stream_write.
 * Threads: any; one at a time writes.
 * Blocks: as ipc_stream_flush.
 * Perl: send(S, "!", MSG_OOB). */
int32_t ipc_tcp_send_urgent(ipc_stream *s, int32_t byte);

/* The urgent byte.
 *
 * Returns: the byte, 0 to 255.
 * Errors: -EINVAL when none was announced, -EAGAIN while it is on its way.
 * Threads: any.
 * Blocks: no.
 * Perl: recv(S, $b, 1, MSG_OOB). */
int32_t ipc_tcp_recv_urgent(ipc_stream *s);

/* Whether what is read next was sent behind the urgent byte. A read never runs over the mark.
 *
 * Returns: 1 or 0.
 * Errors: -ENOTSOCK and the like.
 * Threads: any; one at a time reads.
 * Blocks: no.
 * Perl: IO::Socket's atmark. */
int32_t ipc_tcp_at_mark(ipc_stream *s);

/* ---- unix: sockets by path or name, pairs, descriptors handed over ---------------------------------------------- */

/* Connects to a Unix stream socket: a path, or "@name" outside of the file system. Options are words with commas, or NULL:
 * the names of ipc_stream_option.
 *
 * Returns: 0, and the stream in `out`.
 * Errors: -ENOENT; -ECONNREFUSED when nobody listens; -EACCES; -ETIMEDOUT while its queue is full; -ENAMETOOLONG: never cut.
 * Threads: any.
 * Blocks: while the queue is full, or the timeout; with one it looks at intervals of up to 20 ms.
 * Perl: socket(PF_UNIX) and connect. */
PERLIPC_NODISCARD int32_t ipc_unix_connect(const char *path, const char *options, int32_t timeout_ms, ipc_stream **out);

/* Listens at a path, or at "@name" outside of the file system. A dead server's socket is replaced, a living one's never: a
 * lock beside it ("path.lock") lets one of two starters win. The file is private and goes when the listener is freed.
 *
 * Options are words with commas, or NULL: "mode=660" (octal), "keep", "backlog=64", and the names of ipc_stream_option.
 *
 * Returns: 0, and the listener in `out`.
 * Errors: -EADDRINUSE while a server lives there, or where the path is no socket; -EACCES; -ENAMETOOLONG: never cut;
 * PERLIPC_E_INVALID for a bad option.
 * Threads: any.
 * Blocks: no.
 * Perl: unlink, socket(PF_UNIX), bind and listen. */
PERLIPC_NODISCARD int32_t ipc_unix_listen(const char *path, const char *options, ipc_listener **out);

/* Two connected streams; each reads and writes.
 *
 * Returns: 0, and both streams.
 * Errors: -EMFILE.
 * Threads: any.
 * Blocks: no.
 * Perl: socketpair. */
PERLIPC_NODISCARD int32_t ipc_unix_pair(ipc_stream **one, ipc_stream **other);

/* Whether the path, followed, is a socket.
 *
 * Returns: 1 or 0; what is missing is none, nor is a name that leads nowhere.
 * Errors: -EACCES and the like.
 * Threads: any.
 * Blocks: no.
 * Perl: -S. */
int32_t ipc_unix_is(const char *path);

/* Who is at the other end of a Unix stream, as it was when that connected or listened. Each out-parameter may be NULL.
 *
 * Returns: 0.
 * Errors: -EOPNOTSUPP for another kind of socket, -ENOTSOCK.
 * Threads: any.
 * Blocks: no.
 * Perl: getsockopt(SO_PEERCRED). */
int32_t ipc_unix_peer(const ipc_stream *s, int32_t *pid, uint32_t *uid, uint32_t *gid);

/* A pidfd of the process at the other end, which no other process can be mistaken for; close-on-exec and the caller's to close.
 *
 * Returns: the pidfd.
 * Errors: as ipc_unix_peer; -ENOPROTOOPT before Linux 6.5; before Linux 6.16 -ESRCH when that process has ended and was reaped.
 * Threads: any.
 * Blocks: no.
 * Perl: none. */
PERLIPC_NODISCARD int32_t ipc_unix_peer_pidfd(const ipc_stream *s);

/* Sends a descriptor, which stays open here, with one byte (0) of data.
 *
 * Returns: 0.
 * Errors: as ipc_stream_write; -EBADF; -EOPNOTSUPP for another kind of socket, -ENOTSOCK.
 * Threads: any; one at a time writes.
 * Blocks: as ipc_stream_write.
 * Perl: none; IO::FDPass. */
PERLIPC_NODISCARD int32_t ipc_unix_send_fd(ipc_stream *s, int32_t fd);

/* Receives a descriptor that came with one byte of data. It is close-on-exec, above 2, and the caller's to close.
 *
 * Returns: the descriptor.
 * Errors: -ETIMEDOUT; -EMSGSIZE when several came at once, -EMFILE: none stays open; -ENOMSG when the byte came without
 * one; -EPIPE at the end; PERLIPC_E_INVALID while bytes are read ahead.
 * Threads: any; one at a time reads.
 * Blocks: until something comes or the timeout.
 * Perl: none; IO::FDPass. */
PERLIPC_NODISCARD int32_t ipc_unix_recv_fd(ipc_stream *s, int32_t timeout_ms);

/* ---- listener: what accepts connections ------------------------------------------------------------------------- */

/* The next connection; ipc_stream_peer tells from where.
 *
 * Returns: 0, and the stream in `out`.
 * Errors: -ETIMEDOUT, PERLIPC_E_HANDLER, PERLIPC_E_CANCELED; -EMFILE.
 * Threads: any.
 * Blocks: until somebody connects or the timeout.
 * Perl: accept. */
PERLIPC_NODISCARD int32_t ipc_listener_accept(ipc_listener *l, int32_t timeout_ms, ipc_stream **out);

/* Where it listens, with the port that the kernel chose: "127.0.0.1:2345", "[::]:2345", "/path", "@name".
 *
 * Returns: the length of the text.
 * Errors: -ERANGE when it does not fit.
 * Threads: any.
 * Blocks: no.
 * Perl: getsockname. */
int32_t ipc_listener_addr(const ipc_listener *l, char *addr, size_t cap);

/* The port where it listens.
 *
 * Returns: the port.
 * Errors: -EAFNOSUPPORT for a Unix socket.
 * Threads: any.
 * Blocks: no.
 * Perl: (sockaddr_in(getsockname S))[0]. */
int32_t ipc_listener_port(const ipc_listener *l);

/* Sets an option by its name, as ipc_stream_option; streams that are accepted later inherit most.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for a name that is none.
 * Threads: any.
 * Blocks: no.
 * Perl: setsockopt. */
int32_t ipc_listener_option(ipc_listener *l, const char *name, int32_t value);

/* An option by its name, as ipc_stream_option_value.
 *
 * Returns: 0, and its value in `value`.
 * Errors: PERLIPC_E_INVALID for a name that is none.
 * Threads: any.
 * Blocks: no.
 * Perl: getsockopt. */
int32_t ipc_listener_option_value(const ipc_listener *l, const char *name, int32_t *value);

/* The descriptor. Lent: the listener keeps it.
 *
 * Returns: the descriptor.
 * Errors: PERLIPC_E_INVALID for a bad handle.
 * Threads: any.
 * Blocks: no.
 * Perl: fileno. */
int32_t ipc_listener_fd(const ipc_listener *l);

/* Takes over a socket that listens already. It stays as it was found.
 *
 * Returns: 0, and the listener in `out`.
 * Errors: -EBADF, -ENOTSOCK, -EINVAL when it does not listen: then the descriptor stays the caller's.
 * Threads: any.
 * Blocks: no.
 * Perl: none. */
PERLIPC_NODISCARD int32_t ipc_listener_adopt(int32_t fd, ipc_listener **out);

/* The next of the sockets that whoever started this program has opened for it (LISTEN_PID, LISTEN_FDS).
 *
 * Returns: 1, and the listener in `out`; 0 when there is none any more.
 * Errors: -EBADF when the environment says more than there is; PERLIPC_E_INVALID when it says no number.
 * Threads: any.
 * Blocks: no.
 * Perl: none. */
PERLIPC_NODISCARD int32_t ipc_listener_inherited(ipc_listener **out);

/* Ends each accept that waits now, and every later one, with PERLIPC_E_CANCELED.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for a bad handle.
 * Threads: any, at any moment.
 * Blocks: no.
 * Perl: none. */
int32_t ipc_listener_cancel(ipc_listener *l);

/* Frees it and closes the socket; NULL is nothing. A Unix socket's file goes with it.
 *
 * Returns: nothing.
 * Errors: none.
 * Threads: any; nobody may use it any more.
 * Blocks: no.
 * Perl: none. */
void ipc_listener_free(ipc_listener *l);

/* ---- dgram: UDP and Unix datagrams ------------------------------------------------------------------------------ */

/* A UDP socket at a local address and service, each by name or number; NULL as host is any address, IPv4 and IPv6; NULL or
 * "0" as service is a port of the kernel's choice. Options are words with commas, or NULL: "v4only", "v6only", "broadcast",
 * "reuseaddr", "reuseport", and the names of ipc_stream_option.
 *
 * Returns: 0, and the socket in `out`.
 * Errors: -EADDRINUSE, -EACCES; PERLIPC_E_LOOKUP; PERLIPC_E_INVALID for a bad option.
 * Threads: any.
 * Blocks: while a name is looked up.
 * Perl: socket(SOCK_DGRAM) and bind. */
PERLIPC_NODISCARD int32_t ipc_udp_open(const char *host, const char *service, const char *options, ipc_dgram **out);

/* A Unix datagram socket: at a path or "@name", by the rules of ipc_unix_listen, or (NULL) without a name. Options as there.
 *
 * Returns: 0, and the socket in `out`.
 * Errors: as ipc_unix_listen.
 * Threads: any.
 * Blocks: no.
 * Perl: socket(PF_UNIX, SOCK_DGRAM) and bind. */
PERLIPC_NODISCARD int32_t ipc_dgram_unix(const char *path, const char *options, ipc_dgram **out);

/* Two connected Unix datagram sockets.
 *
 * Returns: 0, and both sockets.
 * Errors: -EMFILE.
 * Threads: any.
 * Blocks: no.
 * Perl: socketpair(PF_UNIX, SOCK_DGRAM). */
PERLIPC_NODISCARD int32_t ipc_dgram_pair(ipc_dgram **one, ipc_dgram **other);

/* Connects: messages go to that address unless said otherwise, and only its own are received.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for text that is no address: ipc_addr_resolve makes one of a name; for Unix -ENOENT, -ECONNREFUSED.
 * Threads: any.
 * Blocks: no.
 * Perl: connect. */
PERLIPC_NODISCARD int32_t ipc_dgram_connect(ipc_dgram *d, const char *addr);

/* Sends one message to an address as text ("127.0.0.1:37", "[::1]:37", a path, "@name"), or (NULL) to the connected peer.
 *
 * Returns: `len`.
 * Errors: -EMSGSIZE; -ECONNREFUSED when an earlier one met nobody (connected); -EDESTADDRREQ; -EACCES for a broadcast without the
 * option; -ETIMEDOUT.
 * Threads: any.
 * Blocks: while there is no room, or the timeout.
 * Perl: send. */
PERLIPC_NODISCARD int64_t ipc_dgram_send(ipc_dgram *d, const void *data, size_t len, const char *addr, int32_t timeout_ms);

/* Receives one message. Who sent it comes as text in `from` (NULL: not wanted), borrowed until the next call on the socket;
 * empty for a Unix socket without a name, or with one ("@name") that has a NUL in it.
 *
 * Returns: its true length, which is more than `cap` when it was cut; 0 is an empty message.
 * Errors: -ETIMEDOUT, PERLIPC_E_HANDLER, PERLIPC_E_CANCELED; -ECONNREFUSED when one that was sent met nobody (connected).
 * Threads: any; one at a time receives.
 * Blocks: until a message comes or the timeout.
 * Perl: recv. */
PERLIPC_NODISCARD int64_t ipc_dgram_recv(ipc_dgram *d, void *data, size_t cap, int32_t timeout_ms, const char **from);

/* The same, and the message stays: the next call gets it again.
 *
 * Returns: as ipc_dgram_recv.
 * Errors: as ipc_dgram_recv.
 * Threads: as ipc_dgram_recv.
 * Blocks: as ipc_dgram_recv.
 * Perl: recv with MSG_PEEK. */
PERLIPC_NODISCARD int64_t ipc_dgram_peek(ipc_dgram *d, void *data, size_t cap, int32_t timeout_ms, const char **from);

/* Joins a multicast group, on an interface by name, or (NULL) where the routes lead.
 *
 * Returns: 0.
 * Errors: -ENODEV for an interface that is none; -EADDRINUSE when joined already; PERLIPC_E_INVALID.
 * Threads: any.
 * Blocks: no.
 * Perl: setsockopt(IP_ADD_MEMBERSHIP). */
int32_t ipc_dgram_join(ipc_dgram *d, const char *group, const char *interface);

/* Leaves a multicast group.
 *
 * Returns: 0.
 * Errors: -EADDRNOTAVAIL when not joined.
 * Threads: any.
 * Blocks: no.
 * Perl: setsockopt(IP_DROP_MEMBERSHIP). */
int32_t ipc_dgram_leave(ipc_dgram *d, const char *group, const char *interface);

/* How multicasts leave: how many routers they may pass (0 to 255), whether this machine hears them (0 or 1), by which
 * interface. -1 and NULL leave a thing as it is.
 *
 * Returns: 0.
 * Errors: -ENODEV; PERLIPC_E_INVALID.
 * Threads: any.
 * Blocks: no.
 * Perl: setsockopt(IP_MULTICAST_TTL) and the like. */
int32_t ipc_dgram_multicast(ipc_dgram *d, int32_t ttl, int32_t heard_here, const char *interface);

/* Sets an option by its name, as ipc_stream_option: "broadcast", "rcvbuf" ...
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for a name that is none.
 * Threads: any.
 * Blocks: no.
 * Perl: setsockopt. */
int32_t ipc_dgram_option(ipc_dgram *d, const char *name, int32_t value);

/* An option by its name, as ipc_stream_option_value.
 *
 * Returns: 0, and its value in `value`.
 * Errors: PERLIPC_E_INVALID for a name that is none.
 * Threads: any.
 * Blocks: no.
 * Perl: getsockopt. */
int32_t ipc_dgram_option_value(const ipc_dgram *d, const char *name, int32_t *value);

/* Where it is connected to.
 *
 * Returns: the length of the text.
 * Errors: -ENOTCONN; -ERANGE when it does not fit.
 * Threads: any.
 * Blocks: no.
 * Perl: getpeername. */
int32_t ipc_dgram_peer(const ipc_dgram *d, char *addr, size_t cap);

/* Where it is, with the port that the kernel chose.
 *
 * Returns: the length of the text.
 * Errors: -ERANGE when it does not fit.
 * Threads: any.
 * Blocks: no.
 * Perl: getsockname. */
int32_t ipc_dgram_addr(const ipc_dgram *d, char *addr, size_t cap);

/* The descriptor. Lent: the socket keeps it.
 *
 * Returns: the descriptor.
 * Errors: PERLIPC_E_INVALID for a bad handle.
 * Threads: any.
 * Blocks: no.
 * Perl: fileno. */
int32_t ipc_dgram_fd(const ipc_dgram *d);

/* Ends each call that waits on it now, and every later one that sends or receives, with PERLIPC_E_CANCELED.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for a bad handle.
 * Threads: any, at any moment.
 * Blocks: no.
 * Perl: none. */
int32_t ipc_dgram_cancel(ipc_dgram *d);

/* Frees it and closes the socket; NULL is nothing. A Unix socket's file goes with it.
 *
 * Returns: nothing.
 * Errors: none.
 * Threads: any; nobody may use it any more.
 * Blocks: no.
 * Perl: none. */
void ipc_dgram_free(ipc_dgram *d);

/* ---- batch: many datagrams in one system call ------------------------------------------------------------------- */

/* A batch with room to receive up to `most` messages of up to `size` bytes each. What is to be sent needs no room.
 *
 * Returns: the batch, never NULL.
 * Errors: none; a number that is too small, or too much memory, is the error of ipc_batch_recv.
 * Threads: any.
 * Blocks: no.
 * Perl: none. */
PERLIPC_NODISCARD ipc_batch *ipc_batch_new(int32_t most, size_t size);

/* Adds a message to be sent, of which a copy is kept: to an address as text, as ipc_dgram_send has it (a path needs its slash
 * here: "./name"), or (NULL) to the connected peer.
 *
 * Returns: how many wait to be sent.
 * Errors: PERLIPC_E_INVALID for text that is no address.
 * Threads: one at a time.
 * Blocks: no.
 * Perl: none. */
int32_t ipc_batch_add(ipc_batch *b, const void *data, size_t len, const char *addr);

/* Sends what was added, in one system call as long as it goes out at once.
 *
 * Returns: how many went out: less than all only when one failed after the first. The rest still waits, and the next call
 * tells why.
 * Errors: as ipc_dgram_send, when the first failed; it still waits. PERLIPC_E_HANDLER also when some went out: the rest
 * still waits.
 * Threads: one at a time.
 * Blocks: while there is no room, or the timeout.
 * Perl: none. */
PERLIPC_NODISCARD int32_t ipc_batch_send(ipc_batch *b, ipc_dgram *d, int32_t timeout_ms);

/* Throws away what was added and has not been sent.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for a bad handle.
 * Threads: one at a time.
 * Blocks: no.
 * Perl: none. */
int32_t ipc_batch_clear(ipc_batch *b);

/* Receives what is there, or what comes next, as many messages as there is room for, in one system call.
 *
 * Returns: how many; ipc_batch_message gives each.
 * Errors: as ipc_dgram_recv; PERLIPC_E_INVALID for a batch without room.
 * Threads: one at a time.
 * Blocks: until the first message comes or the timeout.
 * Perl: none. */
PERLIPC_NODISCARD int32_t ipc_batch_recv(ipc_batch *b, ipc_dgram *d, int32_t timeout_ms);

/* The i-th message, from 0, of those that the last ipc_batch_recv received. Its bytes are borrowed until the next one; who
 * sent it comes as text in `from` (NULL: not wanted), borrowed until the next call of this function; empty as
 * ipc_dgram_recv has it.
 *
 * Returns: its true length: where that is more than the batch's size, it was cut there.
 * Errors: PERLIPC_E_INVALID when there are not so many.
 * Threads: one at a time.
 * Blocks: no.
 * Perl: none. */
int64_t ipc_batch_message(ipc_batch *b, int32_t i, const void **data, const char **from);

/* Frees it, with what has not been sent; NULL is nothing.
 *
 * Returns: nothing.
 * Errors: none.
 * Threads: any; nobody may use it any more.
 * Blocks: no.
 * Perl: none. */
void ipc_batch_free(ipc_batch *b);

/* ---- server: a process per client, or one client after the other ------------------------------------------------ */

/* Serves a client, in a process that has it as standard input and output. Its result is the exit code.
 *
 * Callbacks: in the forked child, or for an iterative server on the thread that called ipc_server_run. */
typedef int32_t (*ipc_serve_fn)(int32_t client_fd, void *userdata);

/* Is told what happens in a server: "ready"; "start" with a pid and, where it is known, the client's address; "end" with
 * the pid and its native wait status; "error" with its text; "stop".
 *
 * Callbacks: on the thread that called ipc_server_run. */
typedef void (*ipc_server_log_fn)(const char *event, int32_t pid, int32_t status, const char *text, void *userdata);

/* Around a listener, which it takes over: that handle is freed. With up to 64 processes at a time, and 5 seconds to finish
 * in. NULL or a bad listener is the error of the first call after it.
 *
 * Returns: the server, never NULL.
 * Errors: none; the first failure is kept, and setters and run return it.
 * Threads: any.
 * Blocks: no.
 * Perl: none; the manual's loop around accept. */
PERLIPC_NODISCARD ipc_server *ipc_server_new(ipc_listener *l);

/* Serves each client by a function, in a forked process that has the client as 0 and 1 and as `client_fd`; the result is
 * the exit code (255 for what is none, below 0 or beyond 255). `client_fd` is the function's own, to close or for
 * ipc_stream_adopt; what it leaves open is closed behind it. C's stdio is flushed before it ends. The process must have one
 * thread.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_BUSY while it runs; the failure of ipc_server_new.
 * Threads: any; not while it runs.
 * Blocks: no.
 * Callbacks: `handler`, in the forked child.
 * Perl: the manual's spawn. */
int32_t ipc_server_handler(ipc_server *v, ipc_serve_fn handler, void *userdata);

/* Serves each client by a command that has the client as its standard input and output. The command is copied.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_BUSY while it runs; the failure of ipc_server_new. The command's first failure.
 * Threads: any; not while it runs.
 * Blocks: no.
 * Perl: the manual's spawn with exec. */
int32_t ipc_server_exec(ipc_server *v, const ipc_cmd *cmd);

/* How many processes serve at a time, at least 1; more clients wait in the kernel's queue.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for less; PERLIPC_E_BUSY while it runs; the failure of ipc_server_new.
 * Threads: any; not while it runs.
 * Blocks: no.
 * Perl: none. */
int32_t ipc_server_limit(ipc_server *v, int32_t children);

/* Serves by that many processes, forked at once, each one client after the other; one that ends is replaced. 0: a process
 * for each client. For functions alone.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for less than 0; PERLIPC_E_BUSY while it runs; the failure of ipc_server_new.
 * Threads: any; not while it runs.
 * Blocks: no.
 * Perl: none. */
int32_t ipc_server_prefork(ipc_server *v, int32_t children);

/* Serves in this process, one client after the other, with 0 and 1 left alone. For functions alone. The function that runs when
 * the server is stopped comes to its end, however long it takes.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_BUSY while it runs; the failure of ipc_server_new.
 * Threads: any; not while it runs.
 * Blocks: no.
 * Perl: the manual's first server. */
int32_t ipc_server_iterative(ipc_server *v, int32_t on);

/* The signal that stops it ("TERM"; NULL: none), and how long what was accepted may take then before its processes are
 * killed, with all that they have started; -1: for ever.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_BUSY while it runs; the failure of ipc_server_new.
 * Threads: any; not while it runs.
 * Blocks: no.
 * Perl: none. */
int32_t ipc_server_drain(ipc_server *v, const char *signal, int32_t timeout_ms);

/* How long one connection may take (-1: as long as it likes): then its process is killed. With prefork and iterative the
 * descriptor is the function's own affair.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_BUSY while it runs; the failure of ipc_server_new.
 * Threads: any; not while it runs.
 * Blocks: no.
 * Perl: none. */
PERLIPC_NODISCARD int32_t ipc_server_each(ipc_server *v, int32_t timeout_ms);

/* Gives up the process's privileges when it begins, for good: the socket is bound by then. `group` NULL: the user's own.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_BUSY while it runs; the failure of ipc_server_new.
 * Threads: any; not while it runs.
 * Blocks: no.
 * Perl: none. */
int32_t ipc_server_user(ipc_server *v, const char *user, const char *group);

/* Is told what happens: see ipc_server_log_fn.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_BUSY while it runs; the failure of ipc_server_new.
 * Threads: any; not while it runs.
 * Blocks: no.
 * Callbacks: `log`, on the thread that runs the server.
 * Perl: the manual's logmsg and REAPER. */
int32_t ipc_server_log(ipc_server *v, ipc_server_log_fn log, void *userdata);

/* Serves until it is stopped: by ipc_server_stop, or the signal of ipc_server_drain. It stops accepting, and what was
 * accepted is finished. ipc_server_count tells what was done. It can run again then.
 *
 * Returns: 1 when all was finished in time, 0 when some had to be killed.
 * Errors: PERLIPC_E_INVALID for settings that do not go together; PERLIPC_E_THREADS for a function where there are several
 * threads; the listener's; PERLIPC_E_HANDLER when a signal's handler gave it up. What serves is killed then.
 * Threads: any; handlers of signals run on the signal thread.
 * Blocks: until it is stopped.
 * Perl: none; the manual's loop around accept. */
PERLIPC_NODISCARD int32_t ipc_server_run(ipc_server *v);

/* Of the last run, also of one that has failed, how many: "accepted" connections; of these "ok" (code 0) and "failed";
 * processes "killed" by a signal, of these "cut" by the server itself; "unknown" ends.
 *
 * Returns: the number.
 * Errors: PERLIPC_E_INVALID for another word.
 * Threads: any; not while it runs.
 * Blocks: no.
 * Perl: none. */
int64_t ipc_server_count(const ipc_server *v, const char *what);

/* Stops it: no more is accepted, and what was is finished. The run that is on is meant, or where there is none, the next.
 *
 * Returns: 0.
 * Errors: the failure of ipc_server_new.
 * Threads: any, at any moment; also in a process that serves a client.
 * Blocks: no.
 * Perl: none. */
int32_t ipc_server_stop(ipc_server *v);

/* Frees it and its listener; NULL is nothing.
 *
 * Returns: nothing.
 * Errors: none.
 * Threads: any; nobody may use it any more.
 * Blocks: no.
 * Perl: none. */
void ipc_server_free(ipc_server *v);

/* ---- poll: one loop for streams, listeners, datagrams, children, signals and descriptors; select ---------------- */

/* A read will not block: there is something, the end, or an error; a listener has somebody to accept. */
#define PERLIPC_READ 1

/* A write will not block, if it is not longer than what fits. */
#define PERLIPC_WRITE 2

/* Of streams: ipc_stream_readline will not block, by the stream's own separator. Half a line does not count. */
#define PERLIPC_LINE 4

/* Of children: it has ended. */
#define PERLIPC_EXIT 8

/* A handler is due or a queued signal is ready. */
#define PERLIPC_SIGNAL 16

/* An exceptional condition: urgent data of a socket. */
#define PERLIPC_URGENT 32

/* The other side is gone. Comes unasked, beside what was asked. */
#define PERLIPC_HANGUP 64

/* The descriptor has an error; the next call on it tells which. Comes unasked, beside what was asked. */
#define PERLIPC_ERROR 128

/* A new set, empty.
 *
 * Returns: the set, never NULL.
 * Errors: none.
 * Threads: any.
 * Blocks: no.
 * Perl: IO::Select->new. */
PERLIPC_NODISCARD ipc_poll *ipc_poll_new(void);

/* Enters a stream: PERLIPC_READ, PERLIPC_WRITE, PERLIPC_LINE, PERLIPC_URGENT. What it has read ahead counts as ready. With
 * PERLIPC_LINE the set reads ahead into it, as far as there is something: a line that was borrowed from it is over then.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_CLOSED; -EBADF for a direction that it does not have; PERLIPC_E_INVALID for other events; -EMFILE.
 * Threads: any, at any moment; with PERLIPC_READ or PERLIPC_LINE waiting counts as reading.
 * Blocks: no.
 * Perl: IO::Select's add. */
int32_t ipc_poll_stream(ipc_poll *p, ipc_stream *s, uint32_t events, int64_t tag);

/* Enters a child: PERLIPC_EXIT comes once when it has ended, and it is out of the set then; ipc_child_wait does not block.
 *
 * Returns: 0.
 * Errors: -EMFILE, -ENOSPC.
 * Threads: any, at any moment.
 * Blocks: no.
 * Perl: none. */
int32_t ipc_poll_child(ipc_poll *p, ipc_child *c, int64_t tag);

/* Enters a listener: PERLIPC_READ comes when somebody wants to connect. Another process may be quicker to accept: give
 * ipc_listener_accept a timeout of 0.
 *
 * Returns: 0.
 * Errors: -EMFILE, -ENOSPC.
 * Threads: any, at any moment.
 * Blocks: no.
 * Perl: IO::Select's add. */
int32_t ipc_poll_listener(ipc_poll *p, ipc_listener *l, int64_t tag);

/* Enters a datagram socket: PERLIPC_READ, PERLIPC_WRITE, PERLIPC_URGENT. Of a Unix one the kernel tells whether there is room
 * at its connected peer, and never at others that a message may go to: a send there may still have to wait.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for other events; -EMFILE, -ENOSPC.
 * Threads: any, at any moment.
 * Blocks: no.
 * Perl: IO::Select's add. */
int32_t ipc_poll_dgram(ipc_poll *p, ipc_dgram *d, uint32_t events, int64_t tag);

/* Enters the signals that have a handler of ours or are queued: PERLIPC_SIGNAL comes until they are taken by
 * ipc_signal_next or ipc_signal_dispatch. On the signal thread handlers run inside ipc_poll_next without this; it is for
 * queued signals.
 *
 * Returns: 0.
 * Errors: -EMFILE, -ENOSPC.
 * Threads: any, at any moment.
 * Blocks: no.
 * Perl: none. */
int32_t ipc_poll_signals(ipc_poll *p, int64_t tag);

/* Enters a descriptor: PERLIPC_READ, PERLIPC_WRITE, PERLIPC_URGENT. The same may be in the set many times. One that the
 * kernel does not watch, a file, is always ready. Take it out before it is closed.
 *
 * Returns: 0.
 * Errors: -EBADF; PERLIPC_E_INVALID for other events; -EMFILE, -ENOSPC.
 * Threads: any, at any moment.
 * Blocks: no.
 * Perl: IO::Select's add. */
int32_t ipc_poll_fd(ipc_poll *p, int32_t fd, uint32_t events, int64_t tag);

/* Asks for something else of all that has that tag; 0 as events asks for nothing.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for what cannot be asked of it.
 * Threads: any, at any moment.
 * Blocks: no.
 * Perl: none. */
int32_t ipc_poll_change(ipc_poll *p, int64_t tag, uint32_t events);

/* Takes all that has that tag out of the set.
 *
 * Returns: how many there were.
 * Errors: PERLIPC_E_INVALID for a bad handle.
 * Threads: any, at any moment.
 * Blocks: no.
 * Perl: IO::Select's remove. */
int32_t ipc_poll_remove(ipc_poll *p, int64_t tag);

/* How many entries the set has.
 *
 * Returns: the number.
 * Errors: PERLIPC_E_INVALID for a bad handle.
 * Threads: any, at any moment.
 * Blocks: no.
 * Perl: IO::Select's count. */
int32_t ipc_poll_count(const ipc_poll *p);

/* The next entry that is ready: its tag, and what of that which was asked it is ready for. It is told again until it is
 * used up; all that are ready come in turn.
 *
 * Returns: 1; 0 when the set is empty, so that nothing can ever come.
 * Errors: -ETIMEDOUT, PERLIPC_E_HANDLER, PERLIPC_E_CANCELED; PERLIPC_E_BUSY while another call of this set waits.
 * Threads: any; one at a time.
 * Blocks: until something is ready or the timeout.
 * Perl: IO::Select's can_read and can_write, four-argument select. */
PERLIPC_NODISCARD int32_t ipc_poll_next(ipc_poll *p, int32_t timeout_ms, int64_t *tag, uint32_t *events);

/* Ends the wait that is under way, and every later one, with PERLIPC_E_CANCELED.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INVALID for a bad handle.
 * Threads: any, at any moment.
 * Blocks: no.
 * Perl: none. */
int32_t ipc_poll_cancel(ipc_poll *p);

/* Frees the set; NULL is nothing. What was in it stays as it is.
 *
 * Returns: nothing.
 * Errors: none.
 * Threads: any; nobody may use it any more.
 * Blocks: no.
 * Perl: none. */
void ipc_poll_free(ipc_poll *p);

/* Waits until one of the descriptors can be read, can be written, or has an exceptional condition. Each set is `size` bytes
 * of bits as Perl's vec makes them (descriptor 9 is bit 1 of byte 1), or NULL; those that are ready stay in it, the others
 * are cleared, also at the timeout. Without sets it sleeps. What a stream has read ahead it does not see: that is what a
 * poll set is for.
 *
 * Returns: how many bits are left in all the sets, and in `left_ms`, which may be NULL, what was left of the time (-1: for
 * ever).
 * Errors: -ETIMEDOUT; -EBADF when one is not open, with the sets as they were; PERLIPC_E_HANDLER.
 * Threads: any.
 * Blocks: until one is ready or the timeout.
 * Perl: select with four arguments, which gives 0 at the timeout and takes a negative one for 0. */
PERLIPC_NODISCARD int32_t ipc_select(void *readers, void *writers, void *exceptions, size_t size, int32_t timeout_ms, int32_t *left_ms);

/* ---- user, daemon: privileges dropped for good, and dissociation ------------------------------------------------ */

/* Gives up the privileges of this process, all its threads, for good: supplementary groups, group, user, in this order,
 * real, effective and saved, each read back. Names or numbers; `group` NULL is the user's own.
 *
 * Returns: 0.
 * Errors: -EPERM (step "setgroups", "setgid", "setuid" or "read back"): then the process may be half changed and had
 * better end. PERLIPC_E_INVALID for a user or group that does not exist, and for root.
 * Threads: any; it counts for all.
 * Blocks: no; it asks the system's user database.
 * Perl: ($EUID, $EGID) = ($UID, $GID), in the right order. */
PERLIPC_NODISCARD int32_t ipc_user_drop(const char *user, const char *group);

/* Becomes a daemon: a new session without a terminal and without a way to get one, in "/", with 0, 1 and 2 on /dev/null.
 * The calling process ends with code 0 once the daemon stands. Words, with commas: "nochdir", "noclose", "umask=027",
 * "keep" (the caller goes on). NULL or "": none.
 *
 * Returns: 0 in the daemon; 1 in the caller with "keep".
 * Errors: -EAGAIN and the like, PERLIPC_E_THREADS in a process with several threads: then there is no daemon.
 * Threads: the only one.
 * Blocks: until the daemon stands.
 * Perl: fork, setsid, fork, chdir "/", open STDIN, "/dev/null". */
PERLIPC_NODISCARD int32_t ipc_daemon_start(const char *options);

/* ---- taint: the checks of perl -T ------------------------------------------------------------------------------- */

/* Checks this process as Perl's -T would before it runs a command: PATH with a directory that is relative, empty or
 * writable by everybody, IFS, CDPATH, ENV or BASH_ENV in the environment, TERM with odd characters, real and effective
 * ids that differ. The option "taint" of a command makes these checks, and that of its program, at each start; "clean"
 * gives it a minimal environment that passes them.
 *
 * Perl follows each value from where it came; this looks at what a value holds.
 *
 * Returns: 0.
 * Errors: PERLIPC_E_INSECURE; ipc_error_last_text names the first thing that is not safe: "taint: Insecure directory in
 * $ENV{PATH}: ."
 * Threads: any, while none changes the environment.
 * Blocks: no; it looks at the directories of PATH.
 * Perl: -T */
int32_t ipc_taint_check(void);

#ifdef __cplusplus
}
#endif

#endif
