//! Every system call of every path failed once with a reason that it could have, and interrupted once: the operation
//! succeeds or says which step failed, leaves nothing behind, and works when it is tried again.
#![cfg(feature = "faults")]

mod common;
#[path = "faults/sockets.rs"]
mod sockets;
#[path = "faults/talk.rs"]
mod talk;

use std::time::Duration;

use common::{Hygiene, run, say};
use perlipc::*;

common::scenarios![
    on_the_only_thread,
    beside_another_thread,
    sockets_on_the_only_thread,
    sockets_beside_another_thread,
    talk_on_the_only_thread,
    talk_beside_another_thread,
    without_unnamed_files,
    a_number_without_a_process
];

type Operation = (&'static str, fn() -> Result<()>);

static OPERATIONS: &[Operation] = &[
    ("start", start),
    ("start, every option", start_with_all),
    ("start, another user", start_as_nobody),
    ("start, nothing there", start_missing),
    ("popen, read", popen_read),
    ("popen, write", popen_write),
    ("popen, socket", popen_socket),
    ("popen, fork", popen_fork),
    ("capture", capture_input),
    ("capture, deadline", capture_deadline),
    ("pipe", pipe),
    ("pipe, limits", pipe_limits),
    ("adopt and release", adopt_release),
    ("wait", wait),
    ("exit_pipe", exit_pipe),
    ("wait_any", any),
    ("wait_pid", pid),
    ("kill", kill),
    ("kill_tree", tree),
    ("end", end),
    ("fork", forks),
    ("adopt a child", adopt_child),
    ("system", system),
    ("system, deadline", system_deadline),
    ("signals", signals),
    ("poll", polls),
    ("select", selects),
    ("semaphores", semaphores),
    ("shared memory", shared_memory),
    ("message queues", queues),
    ("value", value),
    ("futex semaphore", futex),
    ("flock", flocks),
    // The last: it makes a thread.
    ("lock", lock),
];

#[track_caller]
fn is<T: PartialEq + std::fmt::Debug>(found: T, wanted: T) {
    assert_eq!(found, wanted, "a wrong answer is worse than an error");
}

fn start() -> Result<()> {
    is(Cmd::argv(["sh", "-c", "exit 3"]).start()?.wait(Deadline::NEVER)?.code(), Some(3));
    Ok(())
}

fn start_with_all() -> Result<()> {
    let mut cmd = Cmd::argv(["sh", "-c", "exit 4"]);
    cmd.argv0("sh").env("A", Some(b"b")).env("C", None).dir("/").redirect(0, "null").redirect(1, ">/dev/null");
    cmd.redirect(2, "&1").redirect(7, "</dev/null").pass(3, 0).pass(4, 3).redirect(9, "close").umask(0o77);
    cmd.session(true).limit("core", Some(0), Some(0)).die_with_parent(Some("KILL")).default_signals(["PIPE"]);
    // The permutation needs a descriptor 3 of ours.
    let (reader, writer) = Stream::pipe()?;
    use std::os::fd::{AsFd, AsRawFd};
    let (one, other) = (reader.as_fd().as_raw_fd(), writer.as_fd().as_raw_fd());
    cmd.pass(one, other).pass(other, one).pass(4, one);
    is(cmd.start()?.wait(Deadline::NEVER)?.code(), Some(4));
    Ok(())
}

fn start_as_nobody() -> Result<()> {
    let mut cmd = Cmd::argv(["sh", "-c", "exit 5"]);
    if common::is_root() {
        cmd.user(Some("65534"), Some("65534")).groups(["65534"]);
    }
    is(cmd.start()?.wait(Deadline::NEVER)?.code(), Some(5));
    Ok(())
}

fn start_missing() -> Result<()> {
    match Cmd::new("perlipc-no-such-program").start() {
        Err(error) if error.step() == "exec" && error.errno() == libc::ENOENT => Ok(()),
        Err(error) => Err(error),
        Ok(child) => panic!("{child:?} runs"),
    }
}

fn popen_read() -> Result<()> {
    let mut stream = popen::start(&Cmd::argv(["sh", "-c", "echo one; echo two; exit 6"]), Mode::Read)?;
    is(stream.readline()?, Some(&b"one\n"[..]));
    is(stream.readline()?, Some(&b"two\n"[..]));
    is(stream.readline()?, None);
    is(stream.close()?.and_then(Status::code), Some(6));
    Ok(())
}

fn popen_write() -> Result<()> {
    let mut stream = popen::open("| cat >/dev/null; exit 7")?;
    stream.write(b"some")?;
    stream.flush()?;
    stream.write(b"thing")?;
    is(stream.close()?.and_then(Status::code), Some(7));
    Ok(())
}

fn popen_socket() -> Result<()> {
    let mut cmd = Cmd::argv(["echo", "said"]);
    cmd.redirect(1, "socket");
    let mut stream = popen::start(&cmd, Mode::Read)?;
    stream.timeout(Some(Duration::from_secs(20)));
    let mut all = Vec::new();
    stream.read_to_end(&mut all)?;
    is(all, b"said\n".to_vec());
    is(stream.close()?, Some(Status::SUCCESS));
    Ok(())
}

fn popen_fork() -> Result<()> {
    // SAFETY: the child only writes and exits.
    match unsafe { popen::fork(Mode::Read, true) }? {
        popen::ForkOpen::Child => unsafe {
            libc::write(1, c"x".as_ptr().cast(), 1);
            libc::_exit(8)
        },
        popen::ForkOpen::Parent(mut stream) => {
            let mut room = [0; 8];
            let len = stream.read_full(&mut room)?;
            // 127: it was the child's call that failed.
            match stream.close()?.and_then(Status::code) {
                Some(8) => is(&room[..len], b"x"),
                code => is((code, len), (Some(127), 0)),
            }
        }
    }
    Ok(())
}

fn capture_input() -> Result<()> {
    let text = vec![b'x'; 200_000];
    let got = capture::run(&Cmd::shell("cat; echo done >&2; exit 9"), Some(&text), Deadline::NEVER)?;
    if let Some(error) = got.stopped() {
        return Err(error.clone());
    }
    is((got.output().len(), got.errors(), got.status().raw()), (text.len(), &b"done\n"[..], 9 << 8));
    Ok(())
}

/// Ended by KILL; unknown only where the very call that asks was failed.
fn killed(status: Status) {
    let unknown = !status.is_known() && faults::failed() == Some(libc::SYS_waitid);
    assert!(unknown || status.raw() == libc::SIGKILL, "{status}, failed {:?}", faults::failed());
}

fn capture_deadline() -> Result<()> {
    let mut cmd = Cmd::argv(["sleep", "1"]);
    cmd.grace(Duration::ZERO).end_on_drop(true);
    let got = capture::run(&cmd, None, Deadline::after_ms(1))?;
    match got.stopped() {
        Some(error) if error.is_timeout() => killed(got.status()),
        Some(error) => return Err(error.clone()),
        None => panic!("it ended by itself: {got:?}"),
    }
    Ok(())
}

fn pipe() -> Result<()> {
    let (mut reader, mut writer) = Stream::pipe()?;
    writer.write(b"one\ntwo\nthree")?;
    is(reader.readline()?, Some(&b"one\n"[..]));
    let mut room = [0; 2];
    is(reader.read(&mut room)?, 2);
    is(reader.readline()?, Some(&b"o\n"[..]));
    is(writer.close()?, None);
    is(reader.readline()?, Some(&b"three"[..]));
    is(reader.eof()?, true);
    is(reader.close()?, None);
    Ok(())
}

fn pipe_limits() -> Result<()> {
    let (mut reader, mut writer) = Stream::pipe()?;
    reader.timeout(Some(Duration::from_millis(1)));
    writer.deadline(Deadline::after_ms(2000));
    match reader.readline() {
        Err(error) if error.is_timeout() => {}
        Err(error) => return Err(error),
        Ok(line) => panic!("{line:?} from nowhere"),
    }
    writer.write(b"now\n")?;
    is(reader.readline()?, Some(&b"now\n"[..]));
    drop(reader);
    match writer.write(b"lost") {
        Err(error) if error.errno() == libc::EPIPE => Ok(()),
        Err(error) => Err(error),
        Ok(()) => panic!("nobody can have read that"),
    }
}

fn adopt_release() -> Result<()> {
    let (mut reader, mut writer) = Stream::pipe()?;
    let mut again = Stream::adopt(writer.release()?)?;
    again.write(b"x")?;
    let mut reader = Stream::adopt(reader.release()?)?;
    let mut room = [0; 1];
    is(reader.read(&mut room)?, 1);
    Ok(())
}

fn sleeper() -> Cmd {
    let mut cmd = Cmd::argv(["sleep", "1"]);
    cmd.end_on_drop(true).grace(Duration::ZERO);
    cmd
}

fn wait() -> Result<()> {
    let child = Cmd::argv(["sh", "-c", "exit 10"]).start()?;
    is(child.wait(Deadline::after_ms(20_000))?.code(), Some(10));
    is(child.wait(Deadline::NEVER)?.code(), Some(10));
    let child = sleeper().start()?;
    is(child.poll()?, None);
    Ok(())
}

fn exit_pipe() -> Result<()> {
    let before = common::threads();
    let result = exit_pipe_of_one();
    // With the last pipe the thread that waits for all of them ends, also where a step has failed.
    while common::threads() != before {
        std::thread::yield_now();
    }
    result
}

fn exit_pipe_of_one() -> Result<()> {
    let child = sleeper().start()?;
    let pipe = Stream::adopt(child.exit_pipe()?);
    child.kill("KILL")?;
    let read = pipe.and_then(|mut pipe| pipe.read(&mut [0; 8]));
    is(read?, 0);
    is(child.wait(Deadline::NEVER)?.signal(), Some(libc::SIGKILL));
    Ok(())
}

fn any() -> Result<()> {
    let child = Cmd::argv(["sh", "-c", "exit 11"]).start()?;
    let mut found = wait_any(Deadline::after_ms(20_000))?;
    while found.0 != child.pid() {
        // One that an earlier failure left.
        found = wait_any(Deadline::after_ms(20_000))?;
    }
    is(found.1.code(), Some(11));
    Ok(())
}

fn pid() -> Result<()> {
    let child = Cmd::argv(["sh", "-c", "exit 12"]).start()?;
    is(wait_pid(child.pid(), Deadline::NEVER)?.1.code(), Some(12));
    let child = Cmd::argv(["sh", "-c", "exit 13"]).start()?;
    let mut found = wait_pid(-1, Deadline::NEVER)?;
    while found.0 != child.pid() {
        found = wait_pid(-1, Deadline::NEVER)?;
    }
    is(found.1.code(), Some(13));
    Ok(())
}

fn kill() -> Result<()> {
    let child = sleeper().start()?;
    child.kill("0")?;
    child.kill("TERM")?;
    is(child.wait(Deadline::NEVER)?.raw(), libc::SIGTERM);
    Ok(())
}

fn tree() -> Result<()> {
    let child = sleeper().start()?;
    is(child.kill_tree("KILL")?.count, 1);
    is(child.wait(Deadline::NEVER)?.raw(), libc::SIGKILL);
    Ok(())
}

fn end() -> Result<()> {
    let child = sleeper().start()?;
    is(child.end(Duration::from_secs(20))?.raw(), libc::SIGTERM);
    Ok(())
}

fn forks() -> Result<()> {
    // SAFETY: the child only exits.
    match unsafe { fork() }? {
        Fork::Child => unsafe { libc::_exit(14) },
        Fork::Parent(child) => is(child.wait(Deadline::NEVER)?.code(), Some(14)),
    }
    Ok(())
}

fn adopt_child() -> Result<()> {
    // SAFETY: the child only exits.
    let pid = match unsafe { libc::fork() } {
        0 => unsafe { libc::_exit(15) },
        pid => pid,
    };
    let adopted = Child::adopt(pid);
    if adopted.is_err() {
        // SAFETY: it is ours, and nobody holds it.
        unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) };
    }
    let status = adopted?.wait(Deadline::NEVER)?;
    assert_eq!(status.raw(), 15 << 8, "{status}");
    Ok(())
}

fn system() -> Result<()> {
    is(Cmd::shell("exit 16;").run(Deadline::NEVER)?.code(), Some(16));
    Ok(())
}

fn system_deadline() -> Result<()> {
    let ended = sleeper().system(Deadline::after_ms(1))?;
    match ended.stopped {
        Some(error) if error.is_timeout() => killed(ended.status),
        Some(error) => return Err(error),
        None => panic!("it ended by itself: {}", ended.status),
    }
    Ok(())
}

fn signals() -> Result<()> {
    static RAN: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    use std::sync::atomic::Ordering::SeqCst;
    let before = RAN.load(SeqCst);
    let result = (|| {
        signal::handle("USR1", |_| {
            RAN.fetch_add(1, SeqCst);
            Ok(())
        })?;
        signal::kill("USR1", std::process::id() as i32)?;
        // A signal to oneself has often run by now.
        if RAN.load(SeqCst) == before {
            signal::dispatch(Deadline::after_ms(20_000))?;
        }
        is(RAN.load(SeqCst), before + 1);
        Ok(())
    })();
    // What is to be put back is tried again.
    signal::default("USR1").or_else(|_| signal::default("USR1"))?;
    result
}

/// What is made is removed, whatever fails in between; what is to be put back is tried again.
fn removing(removed: impl Fn() -> Result<()>, work: impl FnOnce() -> Result<()>) -> Result<()> {
    let done = work();
    let removed = removed().or_else(|_| removed());
    done.and(removed)
}

fn semaphores() -> Result<()> {
    let never = Deadline::NEVER;
    let set = Semaphore::create(sysv::PRIVATE, &[1, 0], 0o600)?;
    removing(
        || set.remove(),
        || {
            set.take(0, never)?;
            match set.take(0, Deadline::after_ms(1)) {
                Err(error) if error.is_timeout() => {}
                Err(error) => return Err(error),
                Ok(()) => panic!("there is none to take"),
            }
            set.give(0)?;
            set.take_undo(0, never)?;
            set.give_undo(0)?;
            set.set(1, 4)?;
            is(set.values()?, vec![1, 4]);
            is(set.stat()?.count, 2);
            set.change(sysv::Change { mode: Some(0o640), ..sysv::Change::default() })
        },
    )?;
    let named = Semaphore::open(0x7c00_fa17, &[3], 0o600, Deadline::after_ms(2000))?;
    removing(
        || named.remove(),
        || {
            is(named.value(0)?, 3);
            Ok(())
        },
    )
}

fn shared_memory() -> Result<()> {
    let memory = SharedMem::create(sysv::PRIVATE, 100, 0o600)?;
    let id = memory.id();
    removing(
        || shm::remove(id),
        || {
            memory.write(5, b"one")?;
            let mut three = [0; 3];
            shm::read(id, 5, &mut three)?;
            is(&three, b"one");
            shm::write(id, b"two", 5, 3)?;
            memory.read(5, &mut three)?;
            is(&three, b"two");
            is(shm::stat(id)?.size, 100);
            shm::forget(id);
            shm::read(id, 5, &mut three)?;
            is(&three, b"two");
            Ok(())
        },
    )
}

fn queues() -> Result<()> {
    let queue = MessageQueue::open(sysv::PRIVATE, 0o600)?;
    removing(
        || queue.remove(),
        || {
            let mut room = [0; 10];
            queue.send(3, b"body", 0, Deadline::NEVER)?;
            is(queue.stat()?.messages, 1);
            let message = queue.recv(-5, &mut room, 0, Deadline::after_ms(2000))?;
            is((message.kind, &room[..message.len]), (3, &b"body"[..]));
            match queue.recv(0, &mut room, 0, Deadline::after_ms(1)) {
                Err(error) if error.is_timeout() => Ok(()),
                Err(error) => Err(error),
                Ok(_) => panic!("there is none to receive"),
            }
        },
    )
}

/// A name in /dev/shm; what an earlier failure left of it is taken away first.
fn fresh(kind: &str) -> String {
    let name = format!("faults-{}", std::process::id());
    let _ = std::fs::remove_file(format!("/dev/shm/perlipc-{kind}-{name}"));
    name
}

fn lock() -> Result<()> {
    let name = fresh("lock");
    let lock = Lock::open(&name, 0o600)?;
    let again = Lock::open(&name, 0o600);
    removing(
        || Lock::remove(&name),
        || {
            let again = again?;
            is(lock.take(Deadline::NEVER)?, false);
            let waited = std::thread::scope(|scope| scope.spawn(|| again.take(Deadline::after_ms(1))).join().unwrap());
            assert!(waited.unwrap_err().is_timeout());
            lock.give()?;
            is(again.take(Deadline::NOW)?, false);
            again.give()
        },
    )
}

fn value() -> Result<()> {
    let name = fresh("value");
    let value = Value::open(&name, 100, 0o600)?;
    removing(
        || Value::remove(&name),
        || {
            value.write(b"shared", Deadline::NEVER)?;
            is(value.get(Deadline::NEVER)?, b"shared".to_vec());
            is(Value::anonymous(8)?.version(), 0);
            Ok(())
        },
    )
}

fn futex() -> Result<()> {
    let name = fresh("futex");
    let semaphore = FutexSemaphore::open(&name, 1, 0o600)?;
    removing(
        || FutexSemaphore::remove(&name),
        || {
            semaphore.take(Deadline::NEVER)?;
            match semaphore.take(Deadline::after_ms(1)) {
                Err(error) if error.is_timeout() => {}
                Err(error) => return Err(error),
                Ok(()) => panic!("there is none to take"),
            }
            semaphore.give()
        },
    )
}

fn flocks() -> Result<()> {
    let (one, other) = (std::fs::File::open("/proc/self/exe").unwrap(), std::fs::File::open("/proc/self/exe").unwrap());
    flock(&one, FlockMode::Exclusive, Deadline::NEVER)?;
    match flock(&other, FlockMode::Shared, Deadline::after_ms(1)) {
        Err(error) if error.is_timeout() => {}
        Err(error) => return Err(error),
        Ok(()) => panic!("it is locked"),
    }
    flock(&one, FlockMode::Unlock, Deadline::NEVER)?;
    flock(&other, FlockMode::Shared, Deadline::after_ms(2000))
}

fn polls() -> Result<()> {
    let mut poll = Poll::new();
    let (reader, mut writer) = Stream::pipe()?;
    let (one, mut other) = unix::pair()?;
    let child = Cmd::argv(["true"]).start()?;
    poll.stream(reader, Events::READ, 1)?;
    poll.stream(one, Events::LINE, 2)?;
    poll.child(&child, 3)?;
    writer.write(b"x")?;
    other.write(b"half")?;
    let (mut seen, mut told) = ([false; 4], 0);
    while told < 3 {
        match poll.next(Deadline::after_ms(20_000))? {
            Some(ready) => {
                told += i32::from(!std::mem::replace(&mut seen[ready.tag as usize], true));
                if ready.tag == 1 {
                    poll.change(1, Events::NONE)?;
                    other.write(b" a line\n")?;
                }
                if ready.tag == 2 {
                    // A read that fails while the set looks is this one's error.
                    is(
                        poll.get(2)
                            .map(|stream| stream.readline().map(|line| line.map(<[u8]>::to_vec)))
                            .transpose()?
                            .flatten(),
                        Some(b"half a line\n".to_vec()),
                    );
                    is(poll.remove(2), 1);
                }
            }
            None => panic!("the set is not empty"),
        }
    }
    is(child.wait(Deadline::NEVER)?.code(), Some(0));
    is(poll.len(), 1);
    Ok(())
}

fn selects() -> Result<()> {
    use std::os::fd::{AsFd, AsRawFd};
    let (reader, mut writer) = Stream::pipe()?;
    writer.write(b"x")?;
    let mut read = vec![reader.as_fd().as_raw_fd()];
    is(poll::select(&mut read, &mut Vec::new(), &mut Vec::new(), Deadline::after_ms(20_000))?, 1);
    is(read.len(), 1);
    Ok(())
}

/// What the call could really be refused for; none that says the kernel does not have it.
fn fitting(call: i64) -> i32 {
    match call {
        libc::SYS_openat | libc::SYS_pipe2 | libc::SYS_socketpair | libc::SYS_eventfd2 | libc::SYS_fcntl => {
            libc::EMFILE
        }
        libc::SYS_pidfd_open => libc::EMFILE,
        libc::SYS_clone3 | libc::SYS_clone | libc::SYS_fork | libc::SYS_setresuid => libc::EAGAIN,
        libc::SYS_mmap | libc::SYS_mprotect | libc::SYS_madvise | libc::SYS_mremap => libc::ENOMEM,
        libc::SYS_epoll_create1 => libc::EMFILE,
        libc::SYS_epoll_ctl => libc::ENOSPC,
        libc::SYS_epoll_pwait2 | libc::SYS_epoll_pwait => libc::EBADF,
        libc::SYS_ppoll | libc::SYS_execve | libc::SYS_close_range => libc::ENOMEM,
        libc::SYS_kill | libc::SYS_pidfd_send_signal | libc::SYS_setpgid | libc::SYS_setsid => libc::EPERM,
        libc::SYS_setgroups | libc::SYS_setresgid | libc::SYS_prlimit64 => libc::EPERM,
        libc::SYS_socket | libc::SYS_accept4 => libc::EMFILE,
        libc::SYS_bind | libc::SYS_listen => libc::EADDRINUSE,
        libc::SYS_connect => libc::ECONNREFUSED,
        libc::SYS_getsockname | libc::SYS_getpeername | libc::SYS_setsockopt => libc::ENOBUFS,
        libc::SYS_sendmsg | libc::SYS_sendmmsg => libc::ENOBUFS,
        libc::SYS_recvmsg | libc::SYS_recvmmsg => libc::ENOMEM,
        libc::SYS_fchmod | libc::SYS_fchmodat | libc::SYS_unlinkat => libc::EPERM,
        libc::SYS_chdir => libc::EACCES,
        libc::SYS_dup2 => libc::EBADF,
        libc::SYS_rt_sigaction | libc::SYS_prctl | libc::SYS_waitid => libc::EINVAL,
        _ => libc::EIO,
    }
}

fn each_failed_once<'a>(operations: impl IntoIterator<Item = &'a Operation>) {
    let mut cases = 0;
    for (name, operation) in operations {
        // Twice: what a process makes once and keeps is made.
        for _ in 0..2 {
            operation().unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        common::no_child_is_left();
        let before = Hygiene::look();
        faults::fail(0, 0);
        let clean = operation();
        let trace = faults::trace();
        faults::off();
        clean.unwrap();
        assert!(!trace.is_empty(), "{name} makes no call");
        let mut at = 1;
        // As far as there are calls: a failure can make the way longer, and /proc has its own length each time. There
        // the way is walked in longer and longer steps.
        loop {
            let call = trace.get(at - 1).copied().unwrap_or(-1);
            let mut hit = false;
            for errno in [fitting(call), libc::EINTR] {
                faults::fail(at as u64, errno);
                let result = operation();
                let failed = faults::failed();
                faults::off();
                let case = format!("{name}, call {at} ({failed:?}) with errno {errno}");
                hit |= failed.is_some();
                if let Err(error) = &result {
                    let text = error.to_string();
                    assert!(!error.step().is_empty() && !text.contains('\n'), "{case}: {text:?}");
                    assert!(failed.is_some(), "{case}: {text}");
                }
                let clean = common::eventually(|| {
                    orphans();
                    common::a_child().is_none()
                });
                assert!(clean, "{case}: {result:?} left a child");
                Hygiene::look().is_as(&before, &format!("{case}: {result:?}"));
                if let Err(error) = operation() {
                    panic!("{case}: {result:?}, and then {error}");
                }
                cases += 1;
            }
            if !hit {
                break;
            }
            at += 1 + at / 50;
        }
        common::no_child_is_left();
    }
    println!("cases: {cases}");
}

/// A child that has ended may have left its number to a stranger: whatever sends to it goes by its pidfd.
#[test]
fn a_number_of_ours_is_no_address() {
    let child = Cmd::new("sleep").arg("100").start().unwrap();
    let sends: [fn(i32) -> Result<()>; 2] = [|pid| signal::kill("CONT", pid), |pid| signal::sigqueue("CONT", pid, 1)];
    for send in sends {
        faults::fail(0, 0);
        let sent = send(child.pid());
        let trace = faults::trace();
        faults::off();
        sent.unwrap();
        assert_eq!(trace.last(), Some(&libc::SYS_pidfd_send_signal), "{trace:?}");
    }
    let _ = child.end(Duration::ZERO).unwrap();
}

/// Where a file cannot be without a name, or there is no /proc to name it by, it has a temporary name until it is whole.
/// Linux before 6.9 says EINVAL of the number of who was reaped, where a group has it still: not that there are no pidfds.
fn a_number_without_a_process() {
    let forked = || {
        // SAFETY: the only thread; the child only exits.
        match unsafe { fork() }.unwrap() {
            // SAFETY: a plain number.
            Fork::Child => unsafe { libc::_exit(0) },
            Fork::Parent(child) => {
                assert!(child.wait(Deadline::NEVER).unwrap().success());
                child.pidfd().is_some()
            }
        }
    };
    // The first has more calls.
    is(forked(), true);
    faults::fail(0, 0);
    is(forked(), true);
    let at = faults::trace().iter().position(|call| *call == libc::SYS_pidfd_open).unwrap();
    faults::fail(at as u64 + 1, libc::EINVAL);
    is(forked(), false);
    is(faults::failed(), Some(libc::SYS_pidfd_open));
    faults::off();
    is(forked(), true);
}

fn without_unnamed_files() {
    let place = common::Dir::new("faults");
    let path = place.path("lock");
    faults::fail(0, 0);
    drop(Lock::open(&path, 0o600).unwrap());
    let trace = faults::trace();
    faults::off();
    Lock::remove(&path).unwrap();
    let nth = |call, n: usize| trace.iter().enumerate().filter(|(_, made)| **made == call).nth(n).unwrap().0 as u64 + 1;
    // The second open is that of the new file.
    for (at, errno) in [(nth(libc::SYS_openat, 1), libc::EOPNOTSUPP), (nth(libc::SYS_linkat, 0), libc::ENOENT)] {
        faults::fail(at, errno);
        let lock = Lock::open(&path, 0o600);
        assert!(faults::failed().is_some());
        faults::off();
        let lock = lock.unwrap();
        is(lock.take(Deadline::NEVER).unwrap(), false);
        let other = Lock::open(&path, 0o600).unwrap();
        let kept_out = std::thread::scope(|scope| scope.spawn(|| other.take(Deadline::NOW)).join().unwrap());
        assert!(kept_out.unwrap_err().is_timeout());
        lock.give().unwrap();
        let names: Vec<_> = std::fs::read_dir(&place.0).unwrap().flatten().map(|entry| entry.file_name()).collect();
        is(names, vec![std::ffi::OsString::from("lock")]);
        Lock::remove(&path).unwrap();
    }
}

fn on_the_only_thread() {
    each_failed_once(OPERATIONS);
}

fn beside_another_thread() {
    std::thread::spawn(std::thread::park);
    // Beside others this thread waits by a descriptor that is made once: now.
    pipe_limits().unwrap();
    each_failed_once(OPERATIONS);
}

fn sockets_on_the_only_thread() {
    each_failed_once(sockets::OPERATIONS.iter().chain(sockets::FORKING));
}

fn sockets_beside_another_thread() {
    std::thread::spawn(std::thread::park);
    pipe_limits().unwrap();
    each_failed_once(sockets::OPERATIONS);
}

fn talk_on_the_only_thread() {
    each_failed_once(talk::OPERATIONS);
}

fn talk_beside_another_thread() {
    std::thread::spawn(std::thread::park);
    pipe_limits().unwrap();
    each_failed_once(talk::OPERATIONS);
}

#[test]
fn a_file_that_needs_a_name() {
    run("without_unnamed_files");
}

#[test]
fn who_is_gone_is_not_taken_for_no_pidfds() {
    run("a_number_without_a_process");
}

#[test]
fn single() {
    let said = run("on_the_only_thread");
    say(&format!("failed system calls, one thread: {}", said.trim()));
}

#[test]
fn threaded() {
    let said = run("beside_another_thread");
    say(&format!("failed system calls, two threads: {}", said.trim()));
}

#[test]
fn sockets_single() {
    let said = run("sockets_on_the_only_thread");
    say(&format!("failed system calls of sockets, one thread: {}", said.trim()));
}

#[test]
fn sockets_threaded() {
    let said = run("sockets_beside_another_thread");
    say(&format!("failed system calls of sockets, two threads: {}", said.trim()));
}

#[test]
fn talk_single() {
    let said = run("talk_on_the_only_thread");
    say(&format!("failed system calls of talks, one thread: {}", said.trim()));
}

#[test]
fn talk_threaded() {
    let said = run("talk_beside_another_thread");
    say(&format!("failed system calls of talks, two threads: {}", said.trim()));
}
