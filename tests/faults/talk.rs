//! Two-way talk: open2, open3, communicate, pipelines, ptys, expect, interact, FIFOs, the magic ARGV.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::time::Duration;

use perlipc::argv::Argv;
use perlipc::interact::Event;
use perlipc::popen::{Errors, Fork3};
use perlipc::*;

use super::{Operation, is};

pub static OPERATIONS: &[Operation] = &[
    ("open2", open2),
    ("open3", open3),
    ("open3, terminal", open3_terminal),
    ("open3, fork", open3_fork),
    ("communicate", communicate),
    ("communicate, by pieces", communicate_by_pieces),
    ("pipeline", pipelines),
    ("pty", ptys),
    ("pty, raw", pty_raw),
    ("pty, nothing there", pty_missing),
    ("expect", expects),
    ("expect, timeout", expect_timeout),
    ("interact", interacts),
    ("interact, no terminal", interact_piped),
    ("FIFO", fifos),
    ("FIFO, limits", fifo_limits),
    ("ARGV", argv),
    ("ARGV, magic", argv_magic),
];

/// A read of a pty that fails with EIO is its end: with the failed read the right answer is lost, and that is no lie.
fn ended_by_the_fault() -> Result<()> {
    if faults::failed() == Some(libc::SYS_read) {
        return Err(Error::Os { step: "read", path: "pty".into(), errno: libc::EIO });
    }
    Ok(())
}

/// A terminal that is closed before its child has ended, since the wait for that failed, hangs it up.
#[track_caller]
fn exits(s: &mut Stream, code: i32) -> Result<()> {
    match s.close()? {
        Some(status) if status.signal() == Some(libc::SIGHUP) && faults::failed().is_some() => Ok(()),
        status => {
            is(status.and_then(Status::code), Some(code));
            Ok(())
        }
    }
}

#[track_caller]
fn says(s: &mut Stream, wanted: &[u8]) -> Result<()> {
    match s.readline()? {
        None => {
            ended_by_the_fault()?;
            panic!("no {:?}, failed {:?}", String::from_utf8_lossy(wanted), faults::failed());
        }
        Some(line) => is(line, wanted),
    }
    Ok(())
}

const LIMIT: Duration = Duration::from_secs(20);

fn open2() -> Result<()> {
    let (mut reader, mut writer) = popen::open2(&Cmd::argv(["sh", "-c", "read x; echo \"<$x>\"; exit 3"]))?;
    writer.write(b"one\n")?;
    is(reader.readline()?, Some(&b"<one>\n"[..]));
    is(writer.close()?, None);
    is(reader.close()?.and_then(Status::code), Some(3));
    Ok(())
}

fn open3() -> Result<()> {
    let mut kid = popen::open3(&Cmd::argv(["sh", "-c", "read x; echo out; echo err >&2"]), Errors::Apart)?;
    let (Some(writer), Some(reader), Some(error)) = (&mut kid.writer, &mut kid.reader, &mut kid.error) else {
        panic!("a stream is missing");
    };
    writer.write(b"\n")?;
    is(reader.readline()?, Some(&b"out\n"[..]));
    is(error.readline()?, Some(&b"err\n"[..]));
    is(reader.close()?, None);
    is(error.close()?, None);
    is(writer.close()?, Some(Status::SUCCESS));
    Ok(())
}

fn open3_terminal() -> Result<()> {
    let mut cmd = Cmd::argv(["sh", "-c", "test -t 1 && echo tty"]);
    cmd.redirect(1, "tty");
    let mut kid = popen::open3(&cmd, Errors::Shared)?;
    let Some(reader) = &mut kid.reader else { panic!("no reader") };
    says(reader, b"tty\n")?;
    is(reader.readline()?, None);
    Ok(())
}

fn open3_fork() -> Result<()> {
    // SAFETY: the child only writes and exits.
    match unsafe { popen::fork3(Errors::Apart, true) }? {
        Fork3::Child => unsafe {
            libc::write(1, c"x".as_ptr().cast(), 1);
            libc::_exit(8)
        },
        Fork3::Parent(mut kid) => {
            let mut room = [0; 8];
            let len = kid.reader.as_mut().map_or(Ok(0), |reader| reader.read_full(&mut room))?;
            // 127: it was the child's call that failed.
            match kid.child.wait(Deadline::NEVER)?.code() {
                Some(8) => is(&room[..len], b"x"),
                code => is((code, len), (Some(127), 0)),
            }
        }
    }
    Ok(())
}

fn communicate() -> Result<()> {
    let input = vec![b'x'; 200_000];
    let mut kid = popen::open3(&Cmd::argv(["sh", "-c", "cat; echo done >&2; exit 4"]), Errors::Apart)?;
    let said = capture::feed(kid.writer.as_mut(), &input, kid.reader.as_mut(), kid.error.as_mut(), Deadline::NEVER)?;
    if let Some(error) = said.stopped() {
        return Err(error.clone());
    }
    is((said.output().len(), said.errors(), said.status().code()), (input.len(), &b"done\n"[..], Some(4)));
    Ok(())
}

fn communicate_by_pieces() -> Result<()> {
    let (mut reader, mut writer) = popen::open2(&Cmd::argv(["cat"]))?;
    let mut got = 0;
    let fed = capture::feed_each(
        Some(&mut writer),
        &[b'y'; 100_000],
        Some(&mut reader),
        None,
        Deadline::NEVER,
        |_, piece| {
            got += piece.len();
            true
        },
    );
    fed?;
    is(got, 100_000);
    is(reader.close()?, Some(Status::SUCCESS));
    Ok(())
}

fn pipelines() -> Result<()> {
    let cmds = [Cmd::argv(["echo", "b"]), Cmd::argv(["cat"]), Cmd::argv(["tr", "b", "c"])];
    let said = pipeline::run(&cmds, None, Deadline::NEVER)?;
    if let Some(error) = said.stopped() {
        return Err(error.clone());
    }
    is((said.output(), said.stages().len()), (&b"c\n"[..], 3));
    Ok(())
}

fn ptys() -> Result<()> {
    let mut cmd = Cmd::argv(["sh", "-c", "stty size; read x; echo \"<$x>\"; exit 5"]);
    cmd.terminal("crlf");
    let mut s = pty::open(&cmd, 11, 22)?;
    s.timeout(Some(LIMIT));
    says(&mut s, b"11 22\r\n")?;
    pty::resize(&s, 33, 44)?;
    is(pty::size(&s)?, (33, 44));
    is(pty::name(&s)?.starts_with("/dev/pts/"), true);
    s.write(b"a\n")?;
    says(&mut s, b"<a>\r\n")?;
    is(s.readline()?, None);
    exits(&mut s, 5)
}

fn pty_raw() -> Result<()> {
    let mut cmd = Cmd::argv(["sh", "-c", "echo ready; exec head -c 3"]);
    cmd.terminal("raw").redirect(2, "null");
    let mut s = pty::open(&cmd, 0, 0)?;
    says(&mut s, b"ready\n")?;
    s.write(b"\x00\x03\xff")?;
    let mut all = Vec::new();
    s.read_to_end(&mut all)?;
    if all.len() < 3 {
        ended_by_the_fault()?;
    }
    assert!(all == b"\x00\x03\xff", "{all:?}, failed {:?}", faults::failed());
    exits(&mut s, 0)
}

fn pty_missing() -> Result<()> {
    match pty::open(&Cmd::new("perlipc-no-such-program"), 0, 0) {
        Err(error) if error.step() == "exec" && error.errno() == libc::ENOENT => Ok(()),
        Err(error) => Err(error),
        Ok(stream) => panic!("{stream:?} runs"),
    }
}

fn expects() -> Result<()> {
    let mut s = pty::open(&Cmd::argv(["sh", "-c", "printf 'name? '; read x; echo \"hi $x\""]), 0, 0)?;
    let mut expect = Expect::new();
    let prompt = expect.text("name? ")?;
    let hello = expect.regex(r"hi (\w+)")?;
    is(expect.wait_until(&mut s, Deadline::after(Some(LIMIT)))?, prompt);
    s.write(b"bob\n")?;
    is(expect.wait_until(&mut s, Deadline::after(Some(LIMIT)))?, hello);
    is(s.found().and_then(|found| found.group(1)), Some(&b"bob"[..]));
    let mut end = Expect::new();
    end.eof();
    is(end.wait_until(&mut s, Deadline::after(Some(LIMIT)))?, 0);
    exits(&mut s, 0)
}

fn expect_timeout() -> Result<()> {
    let (mut reader, mut writer) = Stream::pipe()?;
    writer.write(b"partial")?;
    let mut expect = Expect::new();
    expect.text("done")?;
    match expect.wait_until(&mut reader, Deadline::after_ms(1)) {
        Err(error) if error.is_timeout() => {}
        Err(error) => return Err(error),
        Ok(index) => panic!("{index} was found"),
    }
    writer.write(b" done")?;
    is(expect.wait_until(&mut reader, Deadline::NEVER)?, 0);
    is(reader.found().map(|found| found.before().to_vec()), Some(b"partial ".to_vec()));
    Ok(())
}

/// A terminal in the user's place, that is not this library's: the master, and the other end.
fn terminal() -> (OwnedFd, OwnedFd) {
    let (mut master, mut slave) = (-1, -1);
    // SAFETY: out-pointers; the descriptors are new.
    unsafe {
        let none = std::ptr::null_mut::<libc::termios>();
        is(libc::openpty(&mut master, &mut slave, std::ptr::null_mut(), none, std::ptr::null_mut()), 0);
        (OwnedFd::from_raw_fd(master), OwnedFd::from_raw_fd(slave))
    }
}

fn modes(terminal: &OwnedFd) -> libc::termios {
    // SAFETY: an out-pointer.
    unsafe {
        let mut modes = std::mem::zeroed();
        is(libc::tcgetattr(terminal.as_raw_fd(), &mut modes), 0);
        modes
    }
}

fn interacts() -> Result<()> {
    let (master, slave) = terminal();
    let before = modes(&slave);
    let result = (|| {
        let mut s = pty::open(&Cmd::argv(["sh", "-c", "read x; echo \"<$x>\"; read x"]), 0, 0)?;
        let mut interact = Interact::new();
        interact.terminal(slave.as_raw_fd(), slave.as_raw_fd());
        let answer = interact.output("<a>")?;
        // SAFETY: bytes to read.
        unsafe { is(libc::write(master.as_raw_fd(), c"a\n\x1d".as_ptr().cast(), 3), 3) };
        let mut seen = false;
        // What is typed and what is said may come in either order.
        for _ in 0..2 {
            match interact.next(&mut s, Deadline::after(Some(LIMIT)))? {
                Event::Seen(number) => is((number, std::mem::replace(&mut seen, true)), (answer, false)),
                event @ (Event::Eof | Event::Input) => {
                    ended_by_the_fault()?;
                    panic!("{event:?}, and both are there");
                }
                event => is(event, Event::Escape),
            }
        }
        is(seen, true);
        Ok(())
    })();
    let after = modes(&slave);
    is((after.c_lflag, after.c_iflag, after.c_oflag), (before.c_lflag, before.c_iflag, before.c_oflag));
    result
}

fn interact_piped() -> Result<()> {
    let (input, mut writer) = Stream::pipe()?;
    let (mut shown, output) = Stream::pipe()?;
    use std::os::fd::AsFd;
    let mut s = pty::open(&Cmd::argv(["cat"]), 0, 0)?;
    let mut interact = Interact::new();
    interact.terminal(input.as_fd().as_raw_fd(), output.as_fd().as_raw_fd());
    writer.write(b"one\n")?;
    writer.close()?;
    is(interact.next(&mut s, Deadline::after(Some(LIMIT)))?, Event::Eof);
    drop(output);
    says(&mut shown, b"one\n")?;
    exits(&mut s, 0)
}

/// With a private FIFO, which is gone after that, unless it was the removal that failed.
fn with_fifo(talk: impl FnOnce(&std::path::Path) -> Result<()>) -> Result<()> {
    let private = fifo::Private::new()?;
    let path = private.path().to_owned();
    let result = talk(&path);
    drop(private);
    let dir = path.parent().map(std::path::Path::to_owned).unwrap_or_default();
    if faults::failed() == Some(libc::SYS_unlinkat) {
        let _ = std::fs::remove_dir_all(dir);
    } else {
        is((path.exists(), dir.exists()), (false, false));
    }
    result
}

fn fifos() -> Result<()> {
    with_fifo(|path| {
        let mut both = fifo::open(path, fifo::Mode::Keep, Deadline::NEVER)?;
        let mut writer = fifo::open(path, fifo::Mode::Write, Deadline::after(Some(LIMIT)))?;
        writer.write(b"one\n")?;
        is(writer.close()?, None);
        is(both.readline()?, Some(&b"one\n"[..]));
        is(fifo::is(path)?, true);
        Ok(())
    })
}

fn fifo_limits() -> Result<()> {
    with_fifo(|path| {
        for mode in [fifo::Mode::Read, fifo::Mode::Write] {
            match fifo::open(path, mode, Deadline::after_ms(2)) {
                Err(error) if error.is_timeout() => {}
                Err(error) => return Err(error),
                Ok(stream) => panic!("{stream:?} with nobody there"),
            }
        }
        Ok(())
    })
}

fn argv() -> Result<()> {
    let mut argv = Argv::open(["/proc/sys/kernel/ostype", "/proc/self/nothing", "/proc/sys/kernel/ostype"], false);
    let missing = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let told = missing.clone();
    argv.report(move |_, _| {
        told.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    });
    let mut lines = 0;
    while let Some(line) = argv.readline()? {
        is(line, &b"Linux\n"[..]);
        lines += 1;
    }
    // A file that could not be opened was told of.
    is(lines + missing.load(std::sync::atomic::Ordering::SeqCst), 3);
    Ok(())
}

fn argv_magic() -> Result<()> {
    let mut argv = Argv::open(["echo one |", "< /proc/sys/kernel/ostype"], true);
    let missing = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let told = missing.clone();
    argv.report(move |_, _| {
        told.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    });
    let mut lines = 0;
    while let Some(line) = argv.readline()? {
        assert!(line == b"one\n" || line == b"Linux\n");
        lines += 1;
    }
    is(lines + missing.load(std::sync::atomic::Ordering::SeqCst), 2);
    argv.close()?;
    Ok(())
}
