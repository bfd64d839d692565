//! Poll sets, and Perl's select.

mod common;

use std::io::Write as _;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, IntoRawFd, OwnedFd};
use std::time::{Duration, Instant};

use common::run;
use perlipc::poll::{Ready, select};
use perlipc::*;

common::scenarios![
    children_are_told_once,
    queued_signals,
    a_handler_runs_and_the_wait_goes_on,
    closed_streams_are_out,
    a_number_that_came_round,
    a_pty_number_that_came_round,
    a_copy_elsewhere_is_not_reported,
    a_forked_child_has_its_own,
    thousands,
];

const SOON: Duration = Duration::from_secs(20);

fn soon() -> Deadline {
    Deadline::after(Some(SOON))
}

/// What is ready now, in the order of the tags.
fn now<H: poll::Held>(poll: &Poll<H>) -> Vec<(i64, Events)> {
    let mut all = Vec::new();
    match poll.next(Deadline::NOW) {
        Ok(Some(Ready { tag, events })) => all.push((tag, events)),
        Ok(None) => {}
        Err(error) if error.is_timeout() => {}
        Err(error) => panic!("{error}"),
    }
    while let Some(Ready { tag, events }) = poll.more() {
        all.push((tag, events));
    }
    all.sort_by_key(|(tag, _)| *tag);
    all
}

/// Those that need a process of their own: its signals, its numbers, its only thread.
#[test]
fn in_a_fresh_process() {
    for scenario in [
        "children_are_told_once",
        "queued_signals",
        "a_handler_runs_and_the_wait_goes_on",
        "closed_streams_are_out",
        "a_number_that_came_round",
        "a_pty_number_that_came_round",
        "a_copy_elsewhere_is_not_reported",
        "a_forked_child_has_its_own",
        "thousands",
    ] {
        run(scenario);
    }
}

fn fd_of(stream: &Stream) -> i32 {
    stream.as_fd().as_raw_fd()
}

#[test]
fn tags_and_events() {
    let poll = Poll::new();
    assert_eq!(poll.next(Deadline::NEVER).unwrap(), None, "an empty set never waits");
    let (reader, mut writer) = Stream::pipe().unwrap();
    poll.stream(reader, Events::READ, 1).unwrap();
    poll.fd(fd_of(&writer), Events::WRITE, -2).unwrap();
    assert_eq!(poll.len(), 2);
    assert_eq!(now(&poll), [(-2, Events::WRITE)]);
    writer.write(b"x").unwrap();
    assert_eq!(now(&poll), [(-2, Events::WRITE), (1, Events::READ)]);
    assert_eq!(now(&poll).len(), 2, "it is told until it is used up");
    assert_eq!(poll.remove(-2), 1);
    assert_eq!(poll.remove(-2), 0);
    drop(writer);
    assert_eq!(now(&poll), [(1, Events::READ | Events::HANGUP)]);
}

#[test]
fn buffered_data_is_ready() {
    let mut poll = Poll::new();
    let (mut reader, mut writer) = Stream::pipe().unwrap();
    writer.write(b"one\ntwo\nthree").unwrap();
    assert_eq!(reader.readline().unwrap(), Some(&b"one\n"[..]));
    // All of it is in the buffer: the kernel has nothing.
    poll.stream(reader, Events::READ | Events::LINE, 7).unwrap();
    assert_eq!(now(&poll), [(7, Events::READ | Events::LINE)]);
    assert_eq!(poll.get(7).unwrap().readline().unwrap(), Some(&b"two\n"[..]));
    assert_eq!(now(&poll), [(7, Events::READ)], "half a line is there");
    assert_eq!(poll.get(7).unwrap().read(&mut [0; 9]).unwrap(), 5);
    assert_eq!(now(&poll), []);
    // Read ahead after it was entered.
    writer.write(b"four\nfive\n").unwrap();
    assert_eq!(poll.get(7).unwrap().readline().unwrap(), Some(&b"four\n"[..]));
    assert_eq!(now(&poll), [(7, Events::READ | Events::LINE)]);
    // And put back.
    let stream = poll.get(7).unwrap();
    assert_eq!(stream.readline().unwrap(), Some(&b"five\n"[..]));
    stream.unread(b"again", 0);
    assert_eq!(now(&poll), [(7, Events::READ)]);
}

#[test]
fn half_a_line_is_no_line() {
    let mut poll = Poll::new();
    let (reader, mut writer) = Stream::pipe().unwrap();
    poll.stream(reader, Events::LINE, 1).unwrap();
    for part in [&b"ha"[..], b"lf", b" a line"] {
        writer.write(part).unwrap();
        let error = poll.next(Deadline::after_ms(1)).unwrap_err();
        assert!(error.is_timeout(), "{error}");
    }
    writer.write(b"\nand").unwrap();
    assert_eq!(now(&poll), [(1, Events::LINE)]);
    assert_eq!(poll.get(1).unwrap().readline().unwrap(), Some(&b"half a line\n"[..]));
    assert_eq!(now(&poll), []);
    writer.close().unwrap();
    assert_eq!(poll.next(soon()).unwrap().unwrap().events & Events::LINE, Events::LINE, "the end ends a line");
    assert_eq!(poll.get(1).unwrap().readline().unwrap(), Some(&b"and"[..]));
    assert_eq!(poll.next(soon()).unwrap().unwrap().events & Events::LINE, Events::LINE);
    assert_eq!(poll.get(1).unwrap().readline().unwrap(), None);
}

#[test]
fn newlines_behind_a_paragraph_are_no_line() {
    let mut poll = Poll::new();
    let (mut reader, mut writer) = Stream::pipe().unwrap();
    writer.write(b"a\n\n\n").unwrap();
    reader.separator(Separator::Paragraph).unwrap();
    assert_eq!(reader.readline().unwrap(), Some(&b"a\n\n"[..]));
    reader.separator(Separator::line()).unwrap();
    poll.stream(reader, Events::LINE, 1).unwrap();
    assert_eq!(now(&poll), []);
    writer.write(b"\nb").unwrap();
    assert_eq!(now(&poll), []);
    writer.write(b"\n\n").unwrap();
    assert_eq!(now(&poll), [(1, Events::LINE)]);
    assert_eq!(poll.get(1).unwrap().readline().unwrap(), Some(&b"b\n"[..]));
    assert_eq!(now(&poll), [(1, Events::LINE)]);
    assert_eq!(poll.get(1).unwrap().readline().unwrap(), Some(&b"\n"[..]));
}

#[test]
fn by_every_separator() {
    let cases: [(Separator, &[&[u8]]); 5] = [
        (Separator::Bytes(b"--".into()), &[b"a-", b"-b"]),
        (Separator::Bytes(b";".into()), &[b"a", b";b"]),
        (Separator::Paragraph, &[b"\n\na\n", b"\n\nb"]),
        (Separator::Size(4), &[b"abc", b"def"]),
        (Separator::Whole, &[b"all\n", b""]),
    ];
    for (separator, [first, second]) in cases.map(|(separator, parts)| (separator, [parts[0], parts[1]])) {
        let mut poll = Poll::new();
        let (mut reader, mut writer) = Stream::pipe().unwrap();
        reader.separator(separator.clone()).unwrap();
        poll.stream(reader, Events::LINE, 1).unwrap();
        writer.write(first).unwrap();
        assert_eq!(now(&poll), [], "{separator:?}");
        assert_eq!(now(&poll), [], "{separator:?}");
        if second.is_empty() {
            drop(writer);
        } else {
            writer.write(second).unwrap();
        }
        let found = now(&poll);
        assert!(found.len() == 1 && found[0].1.has(Events::LINE), "{separator:?}: {found:?}");
        poll.get(1).unwrap().readline().unwrap().unwrap();
    }
    // What is a record may change while it is in the set.
    let mut poll = Poll::new();
    let (reader, mut writer) = Stream::pipe().unwrap();
    poll.stream(reader, Events::LINE, 1).unwrap();
    writer.write(b"a;b").unwrap();
    assert_eq!(now(&poll), []);
    poll.get(1).unwrap().separator(Separator::Bytes(b";".into())).unwrap();
    assert_eq!(now(&poll), [(1, Events::LINE)]);
}

#[test]
fn all_that_are_ready_at_once() {
    let mut poll = Poll::new();
    let mut writers = Vec::new();
    for tag in 0..400 {
        let (reader, mut writer) = Stream::pipe().unwrap();
        writer.write(b"one\ntwo\n").unwrap();
        poll.stream(reader, Events::READ, tag).unwrap();
        writers.push(writer);
    }
    // What one has ahead keeps nobody from asking for the others, nor does what was found before.
    poll.get(399).unwrap().readline().unwrap();
    for found_before in [false, true] {
        if found_before {
            poll.next(Deadline::NOW).unwrap().unwrap();
        }
        let mut tags: Vec<i64> = poll.ready(soon()).unwrap().iter().map(|ready| ready.tag).collect();
        tags.sort();
        assert_eq!(tags, (0..400).collect::<Vec<_>>());
    }
    let empty: Poll = Poll::new();
    assert_eq!(empty.ready(Deadline::NEVER).unwrap(), []);
    let (reader, _writer) = Stream::pipe().unwrap();
    empty.stream(reader, Events::READ, 1).unwrap();
    assert!(empty.ready(Deadline::NOW).unwrap_err().is_timeout());
}

#[test]
fn without_time_what_is_there_counts() {
    let long = [&[b'x'; 300_000][..], b"\n"].concat();
    for text in [&b"half"[..], b"", &long] {
        let mut poll = Poll::new();
        let (reader, mut writer) = Stream::pipe().unwrap();
        // SAFETY: plain numbers.
        assert!(unsafe { libc::fcntl(fd_of(&writer), libc::F_SETPIPE_SZ, 1 << 20) } >= 1 << 20);
        poll.stream(reader, Events::LINE, 1).unwrap();
        writer.write(text).unwrap();
        drop(writer);
        let ready = poll.next(Deadline::NOW).unwrap().unwrap();
        assert!(ready.events.has(Events::LINE));
        assert_eq!(poll.get(1).unwrap().readline().unwrap(), Some(text).filter(|text| !text.is_empty()));
    }
}

/// Whatever the pieces: a paragraph is told when its end is there, and not before.
#[test]
fn paragraphs_in_pieces() {
    let mut random = common::Random(0x6a09_e667_f3bc_c908);
    for _ in 0..common::scale(5_000) {
        let mut poll = Poll::new();
        let (mut reader, mut writer) = Stream::pipe().unwrap();
        reader.separator(Separator::Paragraph).unwrap();
        poll.stream(reader, Events::LINE, 1).unwrap();
        let mut unread = Vec::new();
        for _ in 0..20 {
            let piece: Vec<u8> = (0..1 + random.below(3)).map(|_| b"\n\na"[random.below(3) as usize]).collect();
            writer.write(&piece).unwrap();
            unread.extend_from_slice(&piece);
            loop {
                let text = unread.iter().take_while(|byte| **byte == b'\n').count();
                let end = unread[text..].windows(2).position(|two| two == b"\n\n").map(|at| text + at + 2);
                let told = now(&poll);
                assert_eq!(told.len(), usize::from(end.is_some()), "{:?}", String::from_utf8_lossy(&unread));
                let Some(end) = end else { break };
                assert_eq!(poll.get(1).unwrap().readline().unwrap(), Some(&unread[text..end]));
                unread.drain(..end);
            }
        }
    }
}

#[test]
fn empty_lines_before_a_paragraph_are_looked_at_once() {
    let poll = Poll::new();
    let (mut reader, mut writer) = Stream::pipe().unwrap();
    reader.separator(Separator::Paragraph).unwrap();
    poll.stream(reader, Events::LINE, 1).unwrap();
    let before = cpu_time();
    for _ in 0..40_000 {
        writer.write(b"\n").unwrap();
        assert_eq!(now(&poll), []);
    }
    assert!(cpu_time() - before < Duration::from_secs(8), "{:?}", cpu_time() - before);
}

#[test]
fn a_line_beyond_the_limit_is_told() {
    let mut poll = Poll::new();
    let (mut reader, mut writer) = Stream::pipe().unwrap();
    reader.line_limit(Some(10)).unwrap();
    poll.stream(reader, Events::LINE, 1).unwrap();
    writer.write(&[b'x'; 11]).unwrap();
    assert_eq!(now(&poll), [(1, Events::LINE)]);
    assert!(matches!(poll.get(1).unwrap().readline(), Err(Error::TooLong { .. })));
}

#[test]
fn an_error_met_while_reading_ahead_is_kept() {
    let listener = tcp::listen(Some("127.0.0.1"), "0", "").unwrap();
    let port = listener.local().unwrap().port().unwrap().to_string();
    let mut client = tcp::connect(Some("127.0.0.1"), &port, "", soon()).unwrap();
    let server = listener.accept(soon()).unwrap();
    client.write(b"x").unwrap();
    let mut poll = Poll::new();
    poll.stream(client, Events::LINE, 1).unwrap();
    // Closed with something unread: the other side sees a reset.
    drop(server);
    assert!(poll.next(soon()).unwrap().unwrap().events.has(Events::LINE));
    assert!(poll.next(soon()).unwrap().unwrap().events.has(Events::LINE), "and it stays");
    assert_eq!(poll.get(1).unwrap().readline().unwrap_err().errno(), libc::ECONNRESET);
}

#[test]
fn many_lines_at_once() {
    let mut poll = Poll::new();
    let (reader, mut writer) = Stream::pipe().unwrap();
    let (other, mut other_writer) = Stream::pipe().unwrap();
    poll.stream(reader, Events::LINE, 1).unwrap();
    poll.stream(other, Events::LINE, 2).unwrap();
    for i in 0..5000 {
        writeln!(writer, "{i}").unwrap();
    }
    other_writer.write(b"me too\n").unwrap();
    drop(writer);
    drop(other_writer);
    let (mut lines, mut told_at) = (0, None);
    while let Some(ready) = poll.next(soon()).unwrap() {
        let expected = format!("{lines}\n");
        match poll.get(ready.tag).unwrap().readline().unwrap() {
            None => drop(poll.remove(ready.tag)),
            Some(_) if ready.tag == 2 => told_at = Some(lines),
            Some(line) => {
                assert!(line == expected.as_bytes(), "line {lines} has {} bytes", line.len());
                lines += 1;
            }
        }
    }
    assert_eq!(lines, 5000);
    assert!(told_at.is_some_and(|at| at < 100), "the other had to wait: {told_at:?}");
}

#[test]
fn the_open3_loop() {
    let kid = popen::open3(
        &Cmd::shell("for i in 1 2 3; do echo out $i; echo err $i >&2; done; exit 3"),
        popen::Errors::Apart,
    )
    .unwrap();
    let (mut reader, mut error) = (kid.reader.unwrap(), kid.error.unwrap());
    drop(kid.writer);
    // By reference: the streams are the caller's again when the set is gone.
    let mut poll = Poll::new();
    poll.stream(&mut reader, Events::LINE, 1).unwrap();
    poll.stream(&mut error, Events::LINE, 2).unwrap();
    poll.child(&kid.child, 3).unwrap();
    let (mut lines, mut exits) = (Vec::new(), 0);
    while let Some(Ready { tag, events }) = poll.next(soon()).unwrap() {
        if tag == 3 {
            assert_eq!(events & Events::EXIT, Events::EXIT);
            exits += 1;
            continue;
        }
        match poll.get(tag).unwrap().readline().unwrap() {
            Some(line) => lines.push(String::from_utf8(line.to_vec()).unwrap()),
            None => drop(poll.remove(tag)),
        }
    }
    drop(poll);
    lines.sort();
    assert_eq!(lines.concat(), "err 1\nerr 2\nerr 3\nout 1\nout 2\nout 3\n");
    assert_eq!(exits, 1);
    reader.close().unwrap();
    assert_eq!(error.close().unwrap().unwrap().code(), Some(3));
}

fn children_are_told_once() {
    let poll: Poll = Poll::new();
    let quick = Cmd::argv(["sh", "-c", "exit 4"]).start().unwrap();
    let waited = Cmd::argv(["sh", "-c", "exit 5"]).start().unwrap();
    assert_eq!(waited.wait(soon()).unwrap().code(), Some(5));
    let slow = Cmd::argv(["sleep", "60"]).start().unwrap();
    for (child, tag) in [(&quick, 1), (&waited, 2), (&slow, 3)] {
        poll.child(child, tag).unwrap();
    }
    let mut told = vec![poll.next(soon()).unwrap().unwrap().tag, poll.next(soon()).unwrap().unwrap().tag];
    told.sort();
    assert_eq!(told, [1, 2]);
    assert_eq!(quick.poll().unwrap().unwrap().code(), Some(4));
    assert!(poll.next(Deadline::after_ms(5)).unwrap_err().is_timeout());
    slow.kill("KILL").unwrap();
    let ready = poll.next(soon()).unwrap().unwrap();
    assert_eq!((ready.tag, ready.events & Events::EXIT), (3, Events::EXIT));
    assert_eq!(poll.next(Deadline::NEVER).unwrap(), None, "each is out when its end was told");
    assert_eq!(slow.status().map(Status::raw), None, "nobody has asked yet");
    assert_eq!(slow.wait(soon()).unwrap().raw(), libc::SIGKILL);
}

#[test]
fn listeners_and_datagrams() {
    let poll: Poll = Poll::new();
    let listener = tcp::listen(Some("127.0.0.1"), "0", "").unwrap();
    let port = listener.local().unwrap().port().unwrap().to_string();
    let (one, other) = dgram::pair().unwrap();
    poll.listener(&listener, 1).unwrap();
    poll.dgram(&one, Events::READ, 2).unwrap();
    poll.dgram(&other, Events::READ | Events::WRITE, 3).unwrap();
    assert_eq!(now(&poll), [(3, Events::WRITE)]);
    other.send(b"hello", None, soon()).unwrap();
    let _client = tcp::connect(Some("127.0.0.1"), &port, "", soon()).unwrap();
    assert_eq!(now(&poll), [(1, Events::READ), (2, Events::READ), (3, Events::WRITE)]);
    listener.accept(Deadline::NOW).unwrap();
    one.recv(&mut [0; 8], Deadline::NOW).unwrap();
    assert_eq!(now(&poll), [(3, Events::WRITE)]);
    drop(listener);
    drop(one);
    now(&poll);
    assert_eq!(poll.len(), 1, "what is dropped is out");
}

fn queued_signals() {
    signal::queue("USR1").unwrap();
    let poll: Poll = Poll::new();
    poll.signals(9).unwrap();
    assert_eq!(now(&poll), []);
    let me = std::process::id() as i32;
    signal::kill("USR1", me).unwrap();
    assert_eq!(poll.next(soon()).unwrap(), Some(Ready { tag: 9, events: Events::SIGNAL }));
    assert_eq!(signal::next(Deadline::NOW).unwrap().name(), "USR1");
    assert!(signal::next(Deadline::NOW).is_err());
    assert_eq!(now(&poll), [], "taken, it is told no more");
    signal::kill("USR1", me).unwrap();
    assert_eq!(now(&poll), [(9, Events::SIGNAL)]);
    assert_eq!(signal::next(Deadline::NOW).unwrap().name(), "USR1");
    // Nothing is asked for a while.
    signal::kill("USR1", me).unwrap();
    poll.change(9, Events::NONE).unwrap();
    assert_eq!(now(&poll), []);
    poll.change(9, Events::SIGNAL).unwrap();
    assert_eq!(now(&poll), [(9, Events::SIGNAL)]);
    assert!(matches!(poll.change(9, Events::READ), Err(Error::Invalid { .. })));
    assert_eq!(signal::next(Deadline::NOW).unwrap().name(), "USR1");
    signal::default("USR1").unwrap();
}

fn a_handler_runs_and_the_wait_goes_on() {
    use std::sync::atomic::{AtomicU32, Ordering};
    static RAN: AtomicU32 = AtomicU32::new(0);
    signal::handle("ALRM", |_| {
        RAN.fetch_add(1, Ordering::SeqCst);
        Ok(())
    })
    .unwrap();
    let poll = Poll::new();
    let (reader, _writer) = Stream::pipe().unwrap();
    poll.stream(reader, Events::READ, 1).unwrap();
    signal::alarm(Duration::from_millis(5), Duration::from_millis(5)).unwrap();
    let begun = Instant::now();
    assert!(poll.next(Deadline::after_ms(60)).unwrap_err().is_timeout());
    assert!(begun.elapsed() >= Duration::from_millis(60), "a signal took time from the wait");
    assert!(RAN.load(Ordering::SeqCst) >= 1);
    // Perl's die.
    signal::handle("ALRM", |_| Err(7)).unwrap();
    assert!(matches!(poll.next(soon()), Err(Error::Abandoned { value: 7, .. })));
    signal::alarm(Duration::ZERO, Duration::ZERO).unwrap();
    signal::default("ALRM").unwrap();
}

#[test]
fn a_pty_that_a_grandchild_holds_ends() {
    for wants in [Events::LINE, Events::READ] {
        let mut cmd = Cmd::shell("sleep 60 & echo $!; printf half; exit 2");
        cmd.grace(Duration::ZERO);
        let stream = pty::open(&cmd, 24, 80).unwrap();
        let mut poll = Poll::new();
        poll.stream(stream, wants, 1).unwrap();
        let mut all = Vec::new();
        let mut room = [0; 64];
        loop {
            assert!(poll.next(soon()).unwrap().unwrap().events.has(wants));
            let stream = poll.get(1).unwrap();
            let more = match wants {
                Events::LINE => stream.readline().unwrap().map(<[u8]>::to_vec),
                _ => Some(stream.read(&mut room).unwrap()).filter(|n| *n > 0).map(|n| room[..n].to_vec()),
            };
            match more {
                Some(more) => all.extend(more),
                None => break,
            }
        }
        let text = String::from_utf8(all).unwrap();
        let (pid, rest) = text.split_once('\n').unwrap();
        signal::kill("KILL", pid.trim().parse().unwrap()).unwrap();
        assert_eq!(rest, "half");
        let mut stream = poll.take(1).unwrap();
        assert_eq!(stream.close().unwrap().unwrap().code(), Some(2));
    }
}

/// The end of a pty's child is told by what is asked now, not by what was asked at first.
#[test]
fn a_pty_is_asked_for_something_else() {
    for wants in [Events::LINE, Events::READ] {
        let cmd = Cmd::shell("trap '' HUP; sleep 60 & echo $!; read x");
        let mut stream = pty::open(&cmd, 24, 80).unwrap();
        let pid = String::from_utf8(stream.readline().unwrap().unwrap().to_vec()).unwrap().trim().parse().unwrap();
        let child = stream.child().unwrap().clone();
        stream.write(b"go\n").unwrap();
        let mut poll = Poll::new();
        poll.stream(stream, Events::WRITE, 1).unwrap();
        assert_eq!(poll.next(soon()).unwrap(), Some(Ready { tag: 1, events: Events::WRITE }));
        poll.change(1, wants).unwrap();
        // The other holds the terminal: only the child's own end tells of it.
        let told = poll.next(soon());
        // And reaped it is no reason to come back where reading is not asked for.
        let _ = child.wait(soon()).unwrap();
        poll.change(1, Events::NONE).unwrap();
        let quiet = now(&poll);
        poll.change(1, wants).unwrap();
        let again = poll.next(soon());
        signal::kill("KILL", pid).unwrap();
        assert_eq!(told.unwrap().map(|ready| ready.events), Some(wants));
        assert_eq!(quiet, []);
        assert!(again.unwrap().is_some_and(|ready| ready.events.has(wants)));
        assert_eq!(poll.get(1).unwrap().readline().unwrap(), None);
    }
}

#[test]
fn the_same_descriptor_twice() {
    let poll: Poll = Poll::new();
    let (one, mut other) = unix::pair().unwrap();
    let fd = fd_of(&one);
    poll.fd(fd, Events::READ, 1).unwrap();
    poll.fd(fd, Events::WRITE, 2).unwrap();
    poll.fd(fd, Events::READ | Events::WRITE, 3).unwrap();
    assert_eq!(now(&poll), [(2, Events::WRITE), (3, Events::WRITE)]);
    other.write(b"x").unwrap();
    assert_eq!(now(&poll), [(1, Events::READ), (2, Events::WRITE), (3, Events::READ | Events::WRITE)]);
    assert_eq!(poll.remove(3), 1);
    assert_eq!(now(&poll), [(1, Events::READ), (2, Events::WRITE)], "the others stay");
    assert_eq!(poll.remove(2), 1);
    assert_eq!(now(&poll), [(1, Events::READ)]);
}

#[test]
fn files_are_always_ready() {
    let dir = common::Dir::new("poll");
    let path = dir.path("file");
    std::fs::write(&path, "one\ntwo").unwrap();
    let file: OwnedFd = std::fs::File::open(&path).unwrap().into();
    let null: OwnedFd = std::fs::File::open("/dev/null").unwrap().into();
    let mut poll = Poll::new();
    poll.fd(file.as_raw_fd(), Events::READ, 1).unwrap();
    poll.fd(file.as_raw_fd(), Events::READ | Events::WRITE, 2).unwrap();
    poll.fd(null.as_raw_fd(), Events::READ, 3).unwrap();
    let stream = Stream::adopt(std::fs::File::open(&path).unwrap().into()).unwrap();
    poll.stream(stream, Events::LINE, 4).unwrap();
    let (reader, _writer) = Stream::pipe().unwrap();
    poll.stream(reader, Events::READ, 5).unwrap();
    let both = Events::READ | Events::WRITE;
    for _ in 0..2 {
        assert_eq!(now(&poll), [(1, Events::READ), (2, both), (3, Events::READ), (4, Events::LINE)]);
    }
    assert_eq!(poll.get(4).unwrap().readline().unwrap(), Some(&b"one\n"[..]));
    assert_eq!(poll.get(4).unwrap().readline().unwrap(), Some(&b"two"[..]));
    assert_eq!(poll.get(4).unwrap().readline().unwrap(), None);
    for tag in 1..=4 {
        assert_eq!(poll.remove(tag), 1);
    }
    assert_eq!(now(&poll), []);
}

fn closed_streams_are_out() {
    let mut poll = Poll::new();
    let (reader, mut writer) = Stream::pipe().unwrap();
    let (other, _other_writer) = Stream::pipe().unwrap();
    writer.write(b"x").unwrap();
    poll.stream(reader, Events::READ, 1).unwrap();
    poll.stream(other, Events::READ, 2).unwrap();
    assert_eq!(now(&poll), [(1, Events::READ)]);
    poll.get(1).unwrap().close().unwrap();
    assert!(!poll.contains(1) && poll.contains(2), "at once, and not when it is waited for the next time");
    assert_eq!(poll.len(), 1);
    assert_eq!(now(&poll), []);
    // Given away, it is nobody's of the set.
    let fd = poll.get(2).unwrap().release().unwrap();
    assert!(poll.is_empty());
    assert_eq!(now(&poll), []);
    drop(fd);
    // One that is closed cannot be entered, nor one that goes the other way.
    let (mut reader, writer) = Stream::pipe().unwrap();
    reader.close().unwrap();
    assert!(matches!(poll.stream(reader, Events::READ, 1), Err(Error::Closed { .. })));
    assert_eq!(poll.stream(writer, Events::READ, 1).unwrap_err().errno(), libc::EBADF);
    assert_eq!(poll.fd(9999, Events::READ, 1).unwrap_err().errno(), libc::EBADF);
    assert!(poll.is_empty());
}

fn a_number_that_came_round() {
    let poll = Poll::new();
    // A stream's: closed, it says so.
    let (reader, mut writer) = Stream::pipe().unwrap();
    let fd = fd_of(&reader);
    let mut lent = reader;
    {
        let poll = Poll::new();
        poll.stream(&mut lent, Events::READ, 1).unwrap();
        writer.write(b"x").unwrap();
        assert_eq!(now(&poll), [(1, Events::READ)]);
    }
    poll.stream(lent, Events::READ, 1).unwrap();
    let mut poll = poll;
    poll.get(1).unwrap().close().unwrap();
    let (next, mut next_writer) = Stream::pipe().unwrap();
    assert_eq!(fd_of(&next), fd, "this test needs the number again");
    poll.stream(next, Events::READ, 2).unwrap();
    assert_eq!(now(&poll), []);
    next_writer.write(b"y").unwrap();
    assert_eq!(now(&poll), [(2, Events::READ)]);
    assert_eq!(poll.len(), 1);
    // A bare one: nobody said that it was closed, and entering the number again shows it.
    let (one, _two) = Stream::pipe().unwrap();
    let mut one = one;
    let bare = one.release().unwrap().into_raw_fd();
    poll.fd(bare, Events::READ, 3).unwrap();
    // SAFETY: it is ours.
    drop(unsafe { OwnedFd::from_raw_fd(bare) });
    let (again, mut again_writer) = Stream::pipe().unwrap();
    assert_eq!(fd_of(&again), bare);
    poll.stream(again, Events::READ, 4).unwrap();
    again_writer.write(b"z").unwrap();
    assert_eq!(now(&poll), [(2, Events::READ), (4, Events::READ)]);
    assert_eq!(poll.len(), 2, "3 meant something that is no more");
    // And when it is that of a file now, which the kernel does not watch.
    let bare = poll.take(2).unwrap().release().unwrap().into_raw_fd();
    poll.fd(bare, Events::READ, 5).unwrap();
    // SAFETY: it is ours.
    drop(unsafe { OwnedFd::from_raw_fd(bare) });
    let file = std::fs::File::open("/proc/self/exe").unwrap();
    assert_eq!(file.as_raw_fd(), bare);
    poll.fd(bare, Events::READ, 6).unwrap();
    assert_eq!(now(&poll).last(), Some(&(6, Events::READ)));
    assert_eq!(poll.len(), 2, "5 meant something that is no more");
}

/// A pty's number that came round: the end of its child is not looked at for ever by nobody.
fn a_pty_number_that_came_round() {
    let mut stream = pty::open(&Cmd::shell("exec sleep 60"), 24, 80).unwrap();
    let (fd, child) = (fd_of(&stream), stream.child().unwrap().clone());
    let poll = Poll::new();
    poll.stream(&mut stream, Events::READ, 1).unwrap();
    // SAFETY: it is ours, and the stream is not used any more.
    drop(unsafe { OwnedFd::from_raw_fd(fd) });
    let (again, _writer) = Stream::pipe().unwrap();
    assert_eq!(fd_of(&again), fd);
    poll.fd(fd, Events::READ, 2).unwrap();
    assert_eq!(poll.len(), 1);
    child.kill("KILL").unwrap();
    let _ = child.wait(soon()).unwrap();
    let before = cpu_time();
    assert!(poll.next(Deadline::after(Some(Duration::from_millis(400)))).unwrap_err().is_timeout());
    assert!(cpu_time() - before < Duration::from_millis(200), "it does not wait");
    drop(poll);
    std::mem::forget(stream);
}

fn a_copy_elsewhere_is_not_reported() {
    let mut poll = Poll::new();
    let (reader, mut writer) = Stream::pipe().unwrap();
    // As a child's: the kernel keeps what has a copy in its set, though the number is closed.
    let copy = reader.as_fd().try_clone_to_owned().unwrap();
    let fd = fd_of(&reader);
    poll.stream(reader, Events::READ, 1).unwrap();
    writer.write(b"x").unwrap();
    assert_eq!(now(&poll), [(1, Events::READ)]);
    poll.get(1).unwrap().close().unwrap();
    assert_eq!(poll.next(Deadline::NEVER).unwrap(), None);
    // A bare one, closed without a word and its number used for something else that is entered.
    let bare = copy.as_fd().try_clone_to_owned().unwrap();
    assert_eq!(bare.as_raw_fd(), fd);
    poll.fd(fd, Events::READ, 2).unwrap();
    assert_eq!(now(&poll), [(2, Events::READ)]);
    drop(bare);
    let (next, mut next_writer) = Stream::pipe().unwrap();
    assert_eq!(fd_of(&next), fd);
    poll.stream(next, Events::READ, 3).unwrap();
    // Nor does what nobody knows any more keep the wait from waiting.
    for _ in 0..2 {
        let before = cpu_time();
        assert!(poll.next(Deadline::after_ms(50)).unwrap_err().is_timeout());
        assert!(cpu_time() - before < Duration::from_millis(25), "it was busy");
    }
    next_writer.write(b"y").unwrap();
    assert_eq!(now(&poll), [(3, Events::READ)]);
}

fn cpu_time() -> Duration {
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a valid place.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut t) };
    Duration::new(t.tv_sec as u64, t.tv_nsec as u32)
}

#[test]
fn removed_by_another_thread() {
    let poll = Poll::new();
    let (reader, mut writer) = Stream::pipe().unwrap();
    let (other, _other_writer) = Stream::pipe().unwrap();
    poll.stream(reader, Events::READ, 1).unwrap();
    poll.stream(other, Events::READ, 2).unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| poll.next(soon()));
        std::thread::sleep(Duration::from_millis(10));
        assert_eq!(poll.remove(1), 1);
        // Its reader went with it: nothing comes of it.
        assert_eq!(writer.write(b"x").unwrap_err().errno(), libc::EPIPE);
        assert_eq!(poll.remove(2), 1);
        assert_eq!(waiting.join().unwrap().unwrap(), None, "the set is empty");
    });
}

#[test]
fn entered_by_another_thread() {
    let poll = Poll::new();
    let (reader, _writer) = Stream::pipe().unwrap();
    poll.stream(reader, Events::READ, 1).unwrap();
    let null: OwnedFd = std::fs::File::open("/dev/null").unwrap().into();
    let file: OwnedFd = std::fs::File::open("/etc/passwd").unwrap().into();
    for fd in [&null, &file] {
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| poll.next(soon()));
            std::thread::sleep(Duration::from_millis(10));
            poll.fd(fd.as_raw_fd(), Events::READ, 2).unwrap();
            assert_eq!(waiting.join().unwrap().unwrap(), Some(Ready { tag: 2, events: Events::READ }));
            poll.remove(2);
        });
    }
    // What is ahead of a stream, too; and one thread at a time waits.
    let (mut ahead, mut ahead_writer) = Stream::pipe().unwrap();
    ahead_writer.write(b"one\ntwo\n").unwrap();
    ahead.readline().unwrap();
    let mut ahead = Some(ahead);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| poll.next(soon()));
        std::thread::sleep(Duration::from_millis(10));
        assert!(matches!(poll.next(Deadline::NOW), Err(Error::Busy { .. })));
        poll.stream(ahead.take().unwrap(), Events::LINE, 3).unwrap();
        assert_eq!(waiting.join().unwrap().unwrap(), Some(Ready { tag: 3, events: Events::LINE }));
    });
}

#[test]
fn cancelled() {
    let poll = Poll::new();
    let (reader, _writer) = Stream::pipe().unwrap();
    let stream = reader.canceler();
    poll.stream(reader, Events::LINE, 1).unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| poll.next(soon()));
        std::thread::sleep(Duration::from_millis(10));
        // A cancelled stream's reads come back at once.
        stream.cancel();
        assert_eq!(waiting.join().unwrap().unwrap(), Some(Ready { tag: 1, events: Events::LINE }));
    });
    poll.remove(1);
    let (reader, _writer) = Stream::pipe().unwrap();
    poll.stream(reader, Events::READ, 2).unwrap();
    let canceler = poll.canceler();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| poll.next(soon()));
        std::thread::sleep(Duration::from_millis(10));
        canceler.cancel();
        assert!(matches!(waiting.join().unwrap(), Err(Error::Canceled { .. })));
    });
    assert!(matches!(poll.next(Deadline::NOW), Err(Error::Canceled { .. })));
}

#[test]
fn changed() {
    let mut poll = Poll::new();
    let (one, mut other) = unix::pair().unwrap();
    poll.stream(one, Events::NONE, 1).unwrap();
    other.write(b"one\ntwo\n").unwrap();
    assert_eq!(now(&poll), []);
    poll.change(1, Events::READ | Events::WRITE).unwrap();
    assert_eq!(now(&poll), [(1, Events::READ | Events::WRITE)]);
    assert_eq!(poll.get(1).unwrap().readline().unwrap(), Some(&b"one\n"[..]));
    // It is in the buffer now, and only now a line is asked for.
    poll.change(1, Events::LINE).unwrap();
    assert_eq!(now(&poll), [(1, Events::LINE)]);
    poll.change(1, Events::WRITE).unwrap();
    assert_eq!(now(&poll), [(1, Events::WRITE)]);
    poll.change(1, Events::NONE).unwrap();
    assert_eq!(now(&poll), []);
    drop(other);
    assert_eq!(now(&poll), [(1, Events::HANGUP)]);
}

/// A stream that is somebody else's for the time of a call.
struct Shown(std::sync::Arc<std::sync::Mutex<Stream>>);

impl poll::Held for Shown {
    fn show(&mut self, _reading: bool, look: &mut dyn FnMut(poll::View<'_>)) -> bool {
        self.0.try_lock().map(|mut stream| look(stream.view())).is_ok()
    }
}

#[test]
fn changed_while_a_call_is_under_way() {
    let (one, mut other) = unix::pair().unwrap();
    let stream = std::sync::Arc::new(std::sync::Mutex::new(one));
    let poll = Poll::new();
    poll.stream(Shown(stream.clone()), Events::NONE, 1).unwrap();
    other.write(b"x").unwrap();
    let call = stream.lock().unwrap();
    poll.change(1, Events::READ).unwrap();
    drop(call);
    assert_eq!(now(&poll), [(1, Events::READ)]);
}

#[test]
fn what_cannot_be_asked() {
    let poll: Poll = Poll::new();
    let (reader, writer) = Stream::pipe().unwrap();
    let error = poll.fd(fd_of(&reader), Events::LINE, 1).unwrap_err();
    assert_eq!(error.to_string(), "poll: LINE is nothing that can be asked of it");
    poll.stream(reader, Events::READ, 1).unwrap();
    assert!(matches!(poll.change(1, Events::WRITE), Err(Error::Invalid { .. })));
    assert!(matches!(poll.stream(writer, Events::EXIT, 2), Err(Error::Invalid { .. })));
    assert_eq!(poll.len(), 1);
    let listener = tcp::listen(Some("127.0.0.1"), "0", "").unwrap();
    poll.listener(&listener, 3).unwrap();
    assert!(matches!(poll.change(3, Events::WRITE), Err(Error::Invalid { .. })));
    assert_eq!(poll.remove(3), 1);
    assert!(Events::from_bits(256).is_err());
    assert_eq!(format!("{:?}", Events::from_bits(5).unwrap()), "READ|LINE");
    assert_eq!(format!("{:?} {:?}", Events::NONE, poll), "NONE Poll(1 entries)");
}

#[test]
fn deadlines() {
    let poll = Poll::new();
    let (reader, _writer) = Stream::pipe().unwrap();
    poll.stream(reader, Events::LINE, 1).unwrap();
    for ns in [0, 1, 999_999, 1_000_001, 2_500_000] {
        // On a machine that stands still in between it may look so once.
        let idle = (0..20).any(|_| {
            let (begun, cpu) = (Instant::now(), cpu_time());
            let limit = Duration::from_nanos(ns);
            let error = poll.next(Deadline::after(Some(limit))).unwrap_err();
            assert!(error.is_timeout() && error.step() == "poll", "{error}");
            assert!(begun.elapsed() >= limit, "{ns} ns are not over");
            cpu_time() - cpu < Duration::from_millis(1)
        });
        assert!(idle, "{ns} ns: it was busy");
    }
}

fn a_forked_child_has_its_own() {
    let mut poll = Poll::new();
    let (reader, mut writer) = Stream::pipe().unwrap();
    let (other, mut other_writer) = Stream::pipe().unwrap();
    poll.stream(reader, Events::READ, 1).unwrap();
    poll.stream(other, Events::READ, 2).unwrap();
    writer.write(b"x").unwrap();
    assert_eq!(now(&poll), [(1, Events::READ)]);
    // SAFETY: the child uses what it has a copy of, and leaves by _exit.
    let child = match unsafe { fork() }.unwrap() {
        Fork::Child => {
            // What it does with its copy is its own affair.
            let same = now(&poll) == [(1, Events::READ)];
            poll.remove(1);
            let gone = now(&poll).is_empty();
            // What is read ahead, and what is closed, its copy is told too.
            other_writer.write(b"one\ntwo\n").unwrap();
            poll.get(2).unwrap().readline().unwrap();
            let ahead = now(&poll) == [(2, Events::READ)];
            poll.get(2).unwrap().close().unwrap();
            let closed = poll.next(Deadline::NEVER).unwrap().is_none();
            drop(poll);
            let code = i32::from(same) | i32::from(gone) << 1 | i32::from(ahead) << 2 | i32::from(closed) << 3;
            // SAFETY: ends the process.
            unsafe { libc::_exit(code) }
        }
        Fork::Parent(child) => child,
    };
    assert_eq!(child.wait(soon()).unwrap().code(), Some(15));
    assert_eq!(now(&poll), [(1, Events::READ)], "the parent's is as it was");
}

fn thousands() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: valid places.
    unsafe {
        libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit);
        limit.rlim_cur = limit.rlim_max.min(20_000);
        libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
    }
    let count = (limit.rlim_cur as usize - 100).min(8000) / 2;
    assert!(count > 1000, "room for {count} pipes only");
    let mut poll = Poll::new();
    let mut writers = Vec::new();
    for tag in 0..count {
        let (reader, writer) = Stream::pipe().unwrap();
        poll.stream(reader, Events::LINE, tag as i64).unwrap();
        writers.push(writer);
    }
    // A few of them at a time: what it costs is told by those, not by the others.
    let before = cpu_time();
    for round in 0..300 {
        let tag = round * 13 % count;
        writers[tag].write(b"line\n").unwrap();
        assert_eq!(poll.next(soon()).unwrap(), Some(Ready { tag: tag as i64, events: Events::LINE }));
        poll.get(tag as i64).unwrap().readline().unwrap();
    }
    let each = (cpu_time() - before) / 300;
    assert!(each < Duration::from_millis(1), "{each:?} for one of {count}");
    // All at once: each is told, none twice before the others.
    for writer in &mut writers {
        writer.write(b"line\n").unwrap();
    }
    let mut seen = vec![false; count];
    for _ in 0..count {
        let tag = poll.next(soon()).unwrap().unwrap().tag;
        assert!(!std::mem::replace(&mut seen[tag as usize], true), "{tag} twice");
        poll.get(tag).unwrap().readline().unwrap();
    }
    drop(writers);
    let mut left = count;
    while let Some(ready) = poll.next(soon()).unwrap() {
        assert_eq!(poll.get(ready.tag).unwrap().readline().unwrap(), None);
        assert_eq!(poll.remove(ready.tag), 1);
        left -= 1;
    }
    assert_eq!(left, 0);
}

#[test]
fn select_as_perl() {
    let (reader, mut writer) = Stream::pipe().unwrap();
    let (r, w) = (fd_of(&reader), fd_of(&writer));
    let ask = |read: &[i32], write: &[i32], exception: &[i32], ms: i32| {
        let mut sets = [read, write, exception].map(<[i32]>::to_vec);
        let [read, write, exception] = &mut sets;
        match select(read, write, exception, Deadline::after_ms(ms)) {
            Err(error) if error.is_timeout() => Ok((0, sets)),
            answer => answer.map(|count| (count, sets)),
        }
    };
    let none = Vec::new;
    assert_eq!(ask(&[r], &[w], &[], 0).unwrap(), (1, [none(), vec![w], none()]));
    writer.write(b"z").unwrap();
    assert_eq!(ask(&[r], &[w], &[], -1).unwrap(), (2, [vec![r], vec![w], none()]));
    // A full pipe cannot be written, an ended one can be read.
    let mut limited = Stream::adopt(writer.as_fd().try_clone_to_owned().unwrap()).unwrap();
    limited.timeout(Some(Duration::from_millis(1)));
    assert!(limited.write(&[0; 1 << 20]).unwrap_err().is_timeout());
    assert_eq!(ask(&[], &[w], &[w], 0).unwrap().0, 0);
    drop(limited);
    drop(writer);
    let mut reader = reader;
    reader.read_to_end(&mut Vec::new()).unwrap();
    assert_eq!(ask(&[r], &[], &[], 0).unwrap().0, 1);
    // A hang-up is no exceptional condition, and asking for one does not spin.
    let cpu = cpu_time();
    assert_eq!(ask(&[], &[], &[r], 40).unwrap().0, 0);
    assert!(cpu_time() - cpu < Duration::from_millis(20));
    for (set, bad) in [(0, [9999]), (1, [9999]), (2, [9999]), (0, [-1])] {
        let mut sets = [&[][..]; 3];
        sets[set] = &bad;
        let error = ask(sets[0], sets[1], sets[2], 0).unwrap_err();
        assert_eq!((error.step(), error.errno()), ("select", libc::EBADF));
    }
    // Empty lists sleep.
    let begun = Instant::now();
    assert_eq!(ask(&[], &[], &[], 20).unwrap().0, 0);
    assert!(begun.elapsed() >= Duration::from_millis(20));
    // Urgent data.
    let listener = tcp::listen(Some("127.0.0.1"), "0", "").unwrap();
    let port = listener.local().unwrap().port().unwrap().to_string();
    let client = tcp::connect(Some("127.0.0.1"), &port, "", soon()).unwrap();
    let server = listener.accept(soon()).unwrap();
    // SAFETY: one byte to send.
    assert_eq!(unsafe { libc::send(fd_of(&server), c"!".as_ptr().cast(), 1, libc::MSG_OOB) }, 1);
    assert_eq!(ask(&[], &[], &[fd_of(&client)], 5000).unwrap().0, 1);
    let poll: Poll = Poll::new();
    poll.fd(fd_of(&client), Events::URGENT, 1).unwrap();
    assert_eq!(now(&poll), [(1, Events::URGENT)]);
}
