//! Ptys, from a user's side.

mod common;

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::time::{Duration, Instant};

use perlipc::popen::{Errors, open3};
use perlipc::{Cmd, Deadline, Error, Stream, pty};

common::scenarios![much_for_nobody];

#[test]
fn open_proc_cat_n_answers_line_by_line() {
    let mut cat = pty::open(&Cmd::argv(["cat", "-n"]), 24, 80).unwrap();
    cat.timeout(Some(Duration::from_secs(10)));
    for n in 1..=10 {
        cat.write(b"a line\n").unwrap();
        assert_eq!(cat.readline().unwrap().unwrap(), format!("{n:6}\ta line\n").as_bytes());
    }
    cat.write(&[pty::control('d').unwrap()]).unwrap();
    assert_eq!(cat.readline().unwrap(), None);
    assert!(cat.close().unwrap().unwrap().success());
}

#[test]
fn the_child_has_a_terminal_of_that_size_and_a_session() {
    let cmd = Cmd::shell("tty; stty size; ps -o sid= -p $$; echo $$; echo x >/dev/tty; exit 4");
    let mut s = pty::open(&cmd, 33, 77).unwrap();
    let name = pty::name(&s).unwrap();
    assert_eq!(pty::size(&s).unwrap(), (33, 77));
    let mut all = Vec::new();
    s.read_to_end(&mut all).unwrap();
    let text = String::from_utf8(all).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some(name.as_str()));
    assert_eq!(lines.next(), Some("33 77"));
    let session = lines.next().unwrap().trim();
    assert_eq!(Some(session), lines.next());
    assert_eq!(lines.next(), Some("x"), "/dev/tty is the pty");
    assert_eq!(s.close().unwrap().unwrap().code(), Some(4));
}

#[test]
fn modes_are_set_before_the_child_starts() {
    let say = |words: &str| {
        let mut cmd = Cmd::shell("printf 'a\\n'; read x; echo $x");
        cmd.terminal(words);
        let mut s = pty::open(&cmd, 24, 80).unwrap();
        s.write(b"in\n").unwrap();
        let mut all = Vec::new();
        s.read_to_end(&mut all).unwrap();
        String::from_utf8(all).unwrap()
    };
    assert_eq!(say(""), "a\nin\n");
    assert_eq!(say("crlf"), "a\r\nin\r\n");
    assert!(say("echo").contains("in\n"));
    assert_eq!(say("echo").matches("in").count(), 2);
    assert_eq!(say("raw"), "a\nin\n");
    // What else is asked for is done to a raw one too.
    assert_eq!(say("raw,echo").matches("in").count(), 2);
    assert_eq!(say("raw,crlf"), "a\r\nin\r\n");
    assert!(matches!(pty::open(Cmd::new("true").terminal("loud"), 0, 0), Err(Error::Invalid { .. })));
}

#[test]
fn a_new_size_is_told() {
    let cmd = Cmd::shell("trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.05; done");
    let mut s = pty::open(&cmd, 24, 80).unwrap();
    s.timeout(Some(Duration::from_secs(10)));
    assert_eq!(s.readline().unwrap(), Some(&b"ready\n"[..]));
    pty::resize(&s, 50, 132).unwrap();
    assert_eq!(s.readline().unwrap(), Some(&b"50 132\n"[..]));
    // Closed, its number may be somebody else's.
    s.close().unwrap();
    let answers = [pty::resize(&s, 1, 1), pty::size(&s).map(drop), pty::name(&s).map(drop)];
    assert!(answers.iter().all(|answer| matches!(answer, Err(Error::Closed { .. }))), "{answers:?}");
}

#[test]
fn control_characters_reach_the_child_as_signals() {
    let mut s = pty::open(&Cmd::shell("echo ready; exec sleep 100"), 24, 80).unwrap();
    s.readline().unwrap();
    s.write(&[pty::control('c').unwrap()]).unwrap();
    // Closing hangs up: not before the key has worked.
    assert_eq!(s.readline().unwrap(), None);
    assert_eq!(s.close().unwrap().unwrap().signal(), Some(libc::SIGINT));
    assert_eq!(['@', 'A', 'z', '\\', '_', '?'].map(|key| pty::control(key).unwrap()), [0, 1, 26, 28, 31, 127]);
    assert!(pty::control('1').is_err());
}

/// How many ptys there are on this machine.
fn ptys() -> usize {
    std::fs::read_to_string("/proc/sys/kernel/pty/nr").unwrap().trim().parse().unwrap()
}

#[test]
fn nothing_is_lost_at_the_end_and_the_order_is_kept() {
    let text: String = (0..).map(|n| format!("line {n:8} of what was said.\n")).take(640).collect();
    assert_eq!(text.len(), 20480);
    let cmd = Cmd::argv(["sh", "-c", "printf %s \"$1\"; exit 7", "sh", &text]);
    let mut all = Vec::new();
    for round in 0..common::scale(10_000) {
        let mut s = pty::open(&cmd, 0, 0).unwrap();
        all.clear();
        s.read_to_end(&mut all).unwrap();
        assert!(all == text.as_bytes(), "round {round}: {} bytes", all.len());
        assert_eq!(s.read(&mut [0; 8]).unwrap(), 0, "the end stays");
        assert_eq!(s.close().unwrap().unwrap().code(), Some(7));
    }
}

#[test]
fn the_last_words_are_not_lost() {
    // What is said just before the end, while it is read: the kernel's own looks at both can be in the wrong order.
    let cmd = Cmd::argv(["sh", "-c", "echo ready; exec head -c 3"]);
    for round in 0..common::scale(20_000) {
        let mut s = pty::open(cmd.clone().terminal("raw"), 0, 0).unwrap();
        assert_eq!(s.readline().unwrap(), Some(&b"ready\n"[..]), "round {round}");
        s.write(b"\x00\x03\xff").unwrap();
        assert_eq!(s.readline().unwrap(), Some(&b"\x00\x03\xff"[..]), "round {round}");
        assert!(s.close().unwrap().unwrap().success());
    }
}

#[test]
fn no_pty_is_left() {
    // Others of this machine come and go: those of many rounds would stay.
    let before = ptys();
    for _ in 0..300 {
        let mut s = pty::open(&Cmd::argv(["true"]), 24, 80).unwrap();
        assert_eq!(s.readline().unwrap(), None);
        assert!(s.close().unwrap().unwrap().success());
        drop(pty::open(Cmd::argv(["sleep", "100"]).end_on_drop(true), 0, 0).unwrap());
        let mut cmd = Cmd::argv(["true"]);
        cmd.redirect(1, "tty");
        drop(open3(&cmd, Errors::Apart).unwrap());
    }
    assert!(common::eventually(|| ptys() < before + 100), "{before} ptys before, {} after", ptys());
}

#[test]
fn bytes_of_all_kinds_arrive_as_they_are() {
    let all: Vec<u8> = (0..=255u8).cycle().take(100_000).collect();
    let mut cmd = Cmd::shell("echo ready; exec dd bs=1000 count=100 iflag=fullblock status=none");
    cmd.terminal("raw");
    let mut s = pty::open(&cmd, 0, 0).unwrap();
    s.timeout(Some(Duration::from_secs(20)));
    s.readline().unwrap();
    let mut got = Vec::new();
    for piece in all.chunks(1000) {
        s.write(piece).unwrap();
        let mut room = vec![0; piece.len()];
        assert_eq!(s.read_full(&mut room).unwrap(), piece.len());
        got.extend_from_slice(&room);
    }
    assert!(got == all);
    assert_eq!(s.readline().unwrap(), None);
}

#[test]
fn a_huge_line_without_an_end_comes_whole() {
    let mut s = pty::open(&Cmd::shell("head -c 5000000 /dev/zero"), 0, 0).unwrap();
    let line = s.readline().unwrap().unwrap();
    assert!(line.len() == 5_000_000 && line.iter().all(|byte| *byte == 0), "{} bytes", line.len());
    assert_eq!(s.readline().unwrap(), None);
    assert!(s.close().unwrap().unwrap().success());
}

#[test]
fn a_child_that_is_gone_is_no_deadly_signal() {
    let mut s = pty::open(&Cmd::argv(["true"]), 0, 0).unwrap();
    assert_eq!(s.readline().unwrap(), None);
    // The kernel takes it as long as there is room, or refuses it; both are answers.
    let _ = s.write(b"anybody?\n");
    let child = s.child().unwrap().clone();
    assert!(s.close().unwrap().unwrap().success());
    assert_eq!(child.kill("TERM").unwrap_err().errno(), libc::ESRCH);
    let mut s = pty::open(&Cmd::argv(["sleep", "100"]), 0, 0).unwrap();
    s.child().unwrap().kill("KILL").unwrap();
    assert_eq!(s.readline().unwrap(), None);
    assert_eq!(s.close().unwrap().unwrap().signal(), Some(libc::SIGKILL));
}

/// More than there is room for is refused: it is not tried for ever, whatever the deadline.
#[test]
fn much_for_a_child_that_is_gone() {
    common::run("much_for_nobody");
}

fn much_for_nobody() {
    for limit in [Some(Duration::from_secs(20)), None] {
        let mut s = pty::open(&Cmd::argv(["true"]), 0, 0).unwrap();
        assert_eq!(s.readline().unwrap(), None);
        s.timeout(limit);
        let error = s.write(&b"anybody?\n".repeat(100_000)).unwrap_err();
        assert_eq!((error.step(), error.errno()), ("write", libc::EIO));
        assert!(s.close().unwrap().unwrap().success());
    }
    // One that was made elsewhere, and set not to wait.
    let (mut master, mut slave) = (-1, -1);
    // SAFETY: out-pointers; the descriptors are new.
    let mut s = unsafe {
        let none = std::ptr::null_mut();
        assert_eq!(libc::openpty(&mut master, &mut slave, none, none.cast(), none.cast()), 0);
        assert_eq!(libc::fcntl(master, libc::F_SETFL, libc::O_RDWR | libc::O_NONBLOCK), 0);
        libc::close(slave);
        Stream::adopt(OwnedFd::from_raw_fd(master)).unwrap()
    };
    s.timeout(Some(Duration::from_secs(20)));
    assert_eq!(s.write(&b"anybody?\n".repeat(100_000)).unwrap_err().errno(), libc::EIO);
    // And when it goes in the midst of it.
    let mut s = pty::open(&Cmd::shell("read x; exit 3"), 0, 0).unwrap();
    s.timeout(Some(Duration::from_secs(20)));
    assert_eq!(s.write(&b"anybody?\n".repeat(100_000)).unwrap_err().errno(), libc::EIO);
    assert_eq!(s.close().unwrap().unwrap().code(), Some(3));
}

/// As a user's that was stopped with Control-S: its description was set to wait, and is not ours to change.
#[test]
fn a_write_to_an_adopted_terminal_that_nobody_reads_is_over_in_time() {
    let (mut master, mut slave) = (-1, -1);
    // SAFETY: out-pointers; the descriptors are new.
    let (mut master, mut s) = unsafe {
        let none = std::ptr::null_mut();
        assert_eq!(libc::openpty(&mut master, &mut slave, none, none.cast(), none.cast()), 0);
        (File::from_raw_fd(master), Stream::adopt(OwnedFd::from_raw_fd(slave)).unwrap())
    };
    let line = b"to whom it may concern\n";
    let mut lines = 0;
    let begin = Instant::now();
    // Up to where there is room for one byte and not for two.
    for limit in [20, 20, 0, 20] {
        s.timeout(Some(Duration::from_millis(limit)));
        lines += 1000;
        assert!(s.write(&line.repeat(1000)).unwrap_err().is_timeout());
    }
    assert!(begin.elapsed() < Duration::from_secs(10));
    // SAFETY: plain numbers.
    assert_eq!(unsafe { libc::fcntl(s.as_fd().as_raw_fd(), libc::F_GETFL) } & libc::O_NONBLOCK, 0);
    let reader = std::thread::spawn(move || {
        let mut all = vec![0; (line.len() + 1) * lines];
        master.read_exact(&mut all).unwrap();
        (master, all)
    });
    s.timeout(Some(Duration::from_secs(60)));
    s.flush().unwrap();
    assert_eq!(reader.join().unwrap().1, b"to whom it may concern\r\n".repeat(lines));
}

#[test]
fn a_grandchild_that_holds_the_terminal_keeps_nobody() {
    let cmd = Cmd::shell("(trap '' HUP; exec sleep 20) & head -c 20480 /dev/zero | tr '\\0' x");
    let since = Instant::now();
    let mut s = pty::open(&cmd, 0, 0).unwrap();
    let mut all = Vec::new();
    s.read_to_end(&mut all).unwrap();
    assert_eq!(all.len(), 20480);
    assert!(s.close().unwrap().unwrap().success());
    assert!(since.elapsed() < Duration::from_secs(15), "{:?}", since.elapsed());
}

#[test]
fn a_line_too_long_for_the_terminal_is_an_error_or_raw_is_chosen() {
    let mut s = pty::open(&Cmd::shell("cat >/dev/null"), 0, 0).unwrap();
    let error = s.write(&[b'x'; 5000]).unwrap_err();
    assert!(matches!(error, Error::TooLong { limit: 4095, .. }), "{error}");
    s.write(&[b'x'; 4000]).unwrap();
    assert!(matches!(s.write(&[b'x'; 96]), Err(Error::TooLong { .. })), "pieces of one line count together");
    s.write(b"\n").unwrap();
    drop(s);

    let mut cmd = Cmd::shell("echo ready; head -c 100000 | wc -c");
    cmd.terminal("raw");
    let mut s = pty::open(&cmd, 0, 0).unwrap();
    s.timeout(Some(Duration::from_secs(10)));
    s.readline().unwrap();
    s.write(&[b'x'; 100_000]).unwrap();
    assert_eq!(s.readline().unwrap(), Some(&b"100000\n"[..]));
}

#[test]
fn a_terminal_that_was_raw_takes_lines_again() {
    let mut cmd = Cmd::shell("echo raw; head -c 6000 | wc -c; stty icanon; echo lines; head -n 2");
    cmd.terminal("raw");
    let mut s = pty::open(&cmd, 0, 0).unwrap();
    s.timeout(Some(Duration::from_secs(10)));
    assert_eq!(s.readline().unwrap(), Some(&b"raw\n"[..]));
    s.write(&[b'x'; 6000]).unwrap();
    assert_eq!(s.readline().unwrap(), Some(&b"6000\n"[..]));
    assert_eq!(s.readline().unwrap(), Some(&b"lines\n"[..]));
    assert!(matches!(s.write(&[b'x'; 4096]), Err(Error::TooLong { .. })));
    let longest = [&[b'x'; 4095][..], b"\n"].concat();
    for _ in 0..2 {
        s.write(&longest).unwrap();
        assert_eq!(s.readline().unwrap(), Some(&longest[..]));
    }
}

#[test]
fn given_up_it_waits_as_others_do() {
    let mut s = pty::open(&Cmd::argv(["sleep", "100"]), 0, 0).unwrap();
    let fd = s.release().unwrap();
    // SAFETY: plain numbers.
    let flags = unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GETFL) };
    assert_eq!(flags & (libc::O_NONBLOCK | libc::O_ACCMODE), libc::O_RDWR);
}

#[test]
fn a_longest_line_arrives_whole() {
    let mut s = pty::open(&Cmd::shell("head -n 1 | wc -c"), 0, 0).unwrap();
    s.timeout(Some(Duration::from_secs(10)));
    s.write(&[&[b'x'; 4095][..], b"\n"].concat()).unwrap();
    assert_eq!(s.readline().unwrap(), Some(&b"4096\n"[..]));
}

#[test]
fn a_timeout_loses_nothing() {
    let mut s = pty::open(&Cmd::shell("printf half; read x; echo $x"), 0, 0).unwrap();
    s.timeout(Some(Duration::from_millis(200)));
    assert!(s.readline().unwrap_err().is_timeout());
    s.timeout(Some(Duration::from_secs(10)));
    s.write(b"rest\n").unwrap();
    assert_eq!(s.readline().unwrap(), Some(&b"halfrest\n"[..]));
}

#[test]
fn a_missing_program_leaves_no_terminal() {
    let count = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    // Other tests of this process open and close theirs: the same error again must not pile up.
    let before = count();
    for _ in 0..50 {
        let error = pty::open(&Cmd::new("nosuch_xyz"), 0, 0).unwrap_err();
        assert_eq!((error.step(), error.errno()), ("exec", libc::ENOENT));
    }
    assert!(count() < before + 40);
}

#[test]
fn output_on_a_terminal_and_errors_on_a_pipe() {
    let mut cmd = Cmd::shell("test -t 1 && echo tty; test -t 2 || echo pipe >&2; exec cat");
    cmd.redirect(1, "tty");
    let mut opened = open3(&cmd, Errors::Apart).unwrap();
    let (mut writer, mut reader) = (opened.writer.take().unwrap(), opened.reader.take().unwrap());
    let mut error = opened.error.take().unwrap();
    reader.timeout(Some(Duration::from_secs(10)));
    assert_eq!(reader.readline().unwrap(), Some(&b"tty\n"[..]));
    assert_eq!(error.readline().unwrap(), Some(&b"pipe\n"[..]));
    writer.write(b"x\n").unwrap();
    assert_eq!(reader.readline().unwrap(), Some(&b"x\n"[..]));
    writer.close().unwrap();
    assert_eq!(reader.readline().unwrap(), None);
    error.close().unwrap();
    assert!(reader.close().unwrap().unwrap().success());
}

#[test]
fn a_program_that_holds_back_on_pipes_answers_at_once_on_a_terminal() {
    // The stdio of sed buffers its output in blocks unless it is a terminal.
    let mut cmd = Cmd::argv(["sed", "-n", "p"]);
    cmd.redirect(1, "tty");
    let (mut reader, mut writer) = perlipc::popen::open2(&cmd).unwrap();
    reader.timeout(Some(Duration::from_secs(10)));
    for _ in 0..3 {
        writer.write(b"ping\n").unwrap();
        assert_eq!(reader.readline().unwrap(), Some(&b"ping\n"[..]));
    }
    let said =
        perlipc::capture::run(Cmd::shell("echo a; echo b >&2").redirect(1, "tty"), None, Deadline::NEVER).unwrap();
    assert_eq!((said.output(), said.errors()), (&b"a\n"[..], &b"b\n"[..]));
}

/// As a read, a capture is at the end of a terminal when the child is gone.
#[test]
fn a_capture_does_not_wait_for_who_holds_the_terminal() {
    let limit = Deadline::after(Some(Duration::from_secs(10)));
    let mut cmd = Cmd::shell("sleep 60 2>/dev/null & echo $!; exit 3");
    let said = perlipc::capture::run(cmd.redirect(1, "tty"), None, limit).unwrap();
    let holder: i32 = std::str::from_utf8(said.output()).unwrap().trim().parse().unwrap();
    perlipc::signal::kill("KILL", holder).unwrap();
    assert!(said.stopped().is_none(), "{said:?}");
    assert_eq!(said.status().code(), Some(3));
    // And by pieces.
    let (mut reader, mut writer) = perlipc::popen::open2(&cmd).unwrap();
    let mut text = Vec::new();
    let said = perlipc::capture::feed_each(Some(&mut writer), b"", Some(&mut reader), None, limit, |_, piece| {
        text.extend_from_slice(piece);
        true
    });
    let holder: i32 = std::str::from_utf8(&text).unwrap().trim().parse().unwrap();
    perlipc::signal::kill("KILL", holder).unwrap();
    assert!(said.is_ok(), "{said:?}");
}

#[test]
fn a_child_that_closes_its_terminal_early_keeps_its_own_status() {
    let mut s = pty::open(&Cmd::shell("exec 0<&- 1>&- 2>&-; sleep 0.2; exit 5"), 0, 0).unwrap();
    assert_eq!(s.readline().unwrap(), None);
    assert_eq!(s.close().unwrap().unwrap().code(), Some(5), "not hung up");
}
