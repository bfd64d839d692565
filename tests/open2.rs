//! open2, open3 and the conversations over them, from a user's side.

mod common;

use std::io::{Seek, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::time::{Duration, Instant};

use perlipc::popen::{Errors, Open3, open2, open3};
use perlipc::{Cmd, Deadline, Error, Stream, capture};

fn parts(opened: Open3) -> (Stream, Stream, Option<Stream>) {
    (opened.writer.unwrap(), opened.reader.unwrap(), opened.error)
}

#[test]
fn open2_talks_line_by_line_to_cat() {
    let (mut reader, mut writer) = open2(&Cmd::argv(["cat", "-u", "-n"])).unwrap();
    for n in 1..=10 {
        writer.write(b"stuff\n").unwrap();
        assert_eq!(reader.readline().unwrap().unwrap(), format!("{n:6}\tstuff\n").as_bytes());
    }
    assert_eq!(writer.close().unwrap(), None, "the reader is open still: nobody waits");
    assert_eq!(reader.readline().unwrap(), None);
    assert!(reader.close().unwrap().unwrap().success());
}

#[test]
fn the_reader_may_be_closed_before_the_writer() {
    let (mut reader, mut writer) = open2(&Cmd::new("cat")).unwrap();
    assert_eq!(reader.close().unwrap(), None);
    assert!(writer.close().unwrap().unwrap().success());
}

#[test]
fn open3_keeps_errors_apart_or_merges_them() {
    let cmd = Cmd::shell("read line; echo out $line; echo err $line >&2; exit 3");
    let (mut writer, mut reader, error) = parts(open3(&cmd, Errors::Apart).unwrap());
    let mut error = error.unwrap();
    writer.write(b"x\n").unwrap();
    assert_eq!(reader.readline().unwrap(), Some(&b"out x\n"[..]));
    assert_eq!(error.readline().unwrap(), Some(&b"err x\n"[..]));
    writer.close().unwrap();
    error.close().unwrap();
    assert_eq!(reader.close().unwrap().unwrap().code(), Some(3));

    let (mut writer, mut reader, error) = parts(open3(&cmd, Errors::Merged).unwrap());
    assert!(error.is_none());
    writer.write(b"y\n").unwrap();
    let mut all = Vec::new();
    reader.read_to_end(&mut all).unwrap();
    assert_eq!(all, b"out y\nerr y\n");
}

#[test]
fn a_program_that_is_missing_is_an_error_at_once() {
    let error = open2(&Cmd::argv(["nosuch_xyz", "a"])).unwrap_err();
    assert_eq!(error.to_string(), "exec nosuch_xyz: No such file or directory");
    let error = open3(&Cmd::argv(["/tmp", ""]), Errors::Apart).unwrap_err();
    assert_eq!((error.step(), error.errno()), ("exec", libc::EACCES));
    let (mut reader, _writer) = open2(&Cmd::shell("nosuch_xyz 2>/dev/null;")).unwrap();
    assert_eq!(reader.readline().unwrap(), None, "behind a shell it is an end");
}

#[test]
fn the_child_takes_over_given_descriptors() {
    let mut file = tempfile();
    file.write_all(b"l1\nl2\n").unwrap();
    file.rewind().unwrap();
    let mut cmd = Cmd::new("cat");
    cmd.pass(0, file.as_raw_fd());
    let mut opened = open3(&cmd, Errors::Shared).unwrap();
    assert!(opened.writer.is_none());
    let mut reader = opened.reader.take().unwrap();
    assert_eq!(reader.readlines(9).unwrap().0.get(..6), Some(&b"l1\nl2\n"[..]));
    assert!(reader.close().unwrap().unwrap().success());

    cmd.pass(1, file.as_raw_fd());
    assert!(matches!(open3(&cmd, Errors::Shared), Err(Error::Invalid { .. })));
    assert!(matches!(open2(&cmd), Err(Error::Invalid { .. })));
    // What to call instead.
    assert!(open2(&cmd).unwrap_err().to_string().ends_with("that is open3"));
    assert!(open3(&cmd, Errors::Shared).unwrap_err().to_string().ends_with("that is a plain start"));
}

#[test]
fn feeding_and_draining_any_amount_never_stands_still() {
    let input: Vec<u8> = (0..8u32 << 20).map(|i| (i % 251) as u8).collect();
    let cmd = Cmd::shell("tee /dev/stderr");
    let (mut writer, mut reader, error) = parts(open3(&cmd, Errors::Apart).unwrap());
    let mut error = error.unwrap();
    let said = capture::feed(Some(&mut writer), &input, Some(&mut reader), Some(&mut error), Deadline::NEVER).unwrap();
    assert!(said.output() == input && said.errors() == input);
    assert!(said.status().success());
    assert_eq!(said.fed(), input.len());
    assert!(reader.is_closed() && writer.is_closed() && error.is_closed());
}

#[test]
fn what_was_buffered_and_read_ahead_takes_part() {
    let (mut reader, mut writer) = open2(&Cmd::new("cat")).unwrap();
    writer.write(b"one\ntwo\n").unwrap();
    assert_eq!(reader.readline().unwrap(), Some(&b"one\n"[..]));
    writer.autoflush(false).unwrap();
    writer.write(b"three\n").unwrap();
    let said = capture::feed(Some(&mut writer), b"four\n", Some(&mut reader), None, Deadline::NEVER).unwrap();
    assert_eq!(said.output(), b"two\nthree\nfour\n");
    assert_eq!(said.fed(), 5);
}

#[test]
fn a_talk_that_cannot_be_takes_nothing_from_its_streams() {
    let (mut reader, mut writer) = open2(&Cmd::new("cat")).unwrap();
    let (_other, mut mute) = Stream::pipe().unwrap();
    writer.autoflush(false).unwrap();
    writer.write(b"kept\nand read\n").unwrap();
    let refused = capture::feed(Some(&mut writer), b"", Some(&mut mute), None, Deadline::NEVER);
    assert_eq!(refused.unwrap_err().errno(), libc::EBADF);
    writer.flush().unwrap();
    reader.timeout(Some(Duration::from_secs(20)));
    assert_eq!(reader.readline().unwrap(), Some(&b"kept\n"[..]));
    assert!(capture::Talk::new(None, &b""[..], Some(&mut reader), Some(&mut mute)).is_err());
    assert_eq!(reader.readline().unwrap(), Some(&b"and read\n"[..]));
}

#[test]
fn at_the_deadline_what_came_is_given_and_nothing_is_lost() {
    let cmd = Cmd::shell("echo early; cat >/dev/null; echo late");
    let (mut reader, mut writer) = open2(&cmd).unwrap();
    common::readable(&reader);
    let since = Instant::now();
    let first = capture::feed(None, b"", Some(&mut reader), None, Deadline::after_ms(150)).unwrap();
    assert!(first.timed_out() && !first.status().is_known());
    assert!(since.elapsed() < Duration::from_secs(15));
    assert_eq!(first.output(), b"early\n");
    let rest = capture::feed(Some(&mut writer), b"x", Some(&mut reader), None, Deadline::NEVER).unwrap();
    assert_eq!(rest.output(), b"late\n");
    assert!(rest.status().success());
}

#[test]
fn a_child_that_has_ended_is_known_although_its_pipe_is_not_at_its_end() {
    let (mut reader, mut writer) = open2(&Cmd::shell("exec 3<&0; cat <&3 & exit 3")).unwrap();
    let _ = reader.child().unwrap().wait(Deadline::NEVER).unwrap();
    let first = capture::feed(None, b"", Some(&mut reader), None, Deadline::after_ms(50)).unwrap();
    assert!(first.timed_out() && first.status().code() == Some(3));
    let rest = capture::feed(Some(&mut writer), b"x", Some(&mut reader), None, Deadline::NEVER).unwrap();
    assert_eq!((rest.output(), rest.status().code()), (&b"x"[..], Some(3)));
}

#[test]
fn a_deadline_of_the_talk_is_no_limit_of_the_close_behind_it() {
    let (mut reader, writer) = open2(&Cmd::shell("exec >&-; kill -STOP $$; exit 5")).unwrap();
    drop(writer);
    common::stopped(reader.child().unwrap().pid());
    let first = capture::feed(None, b"", Some(&mut reader), None, Deadline::after_ms(150)).unwrap();
    assert!(first.timed_out() && reader.is_closed());
    reader.child().unwrap().kill("CONT").unwrap();
    assert_eq!(reader.close().unwrap().and_then(|status| status.code()), Some(5));
}

#[test]
fn the_last_stream_that_was_not_released_waits_for_the_child() {
    let (mut reader, mut writer) = open2(&Cmd::shell("cat; exit 5")).unwrap();
    drop(writer.release().unwrap());
    assert_eq!(reader.close().unwrap().and_then(|status| status.code()), Some(5));
    let (mut reader, mut writer) = open2(&Cmd::shell("cat; exit 5")).unwrap();
    let fd = reader.release().unwrap();
    let said = capture::feed(Some(&mut writer), b"said", None, None, Deadline::NEVER).unwrap();
    assert_eq!((said.fed(), said.status().code()), (4, Some(5)));
    drop(fd);
}

#[test]
fn who_has_refused_may_be_offered_the_rest() {
    let (mut reader, mut writer) = open2(&Cmd::shell("exec <&-; echo x; kill -STOP $$; exit 5")).unwrap();
    assert_eq!(reader.readline().unwrap(), Some(&b"x\n"[..]));
    common::stopped(reader.child().unwrap().pid());
    let first = capture::feed(Some(&mut writer), b"data", Some(&mut reader), None, Deadline::after_ms(150)).unwrap();
    assert!(first.timed_out() && first.fed() == 0 && writer.is_closed());
    reader.child().unwrap().kill("CONT").unwrap();
    let rest = capture::feed(Some(&mut writer), b"data", Some(&mut reader), None, Deadline::NEVER).unwrap();
    assert_eq!((rest.fed(), rest.status().code()), (0, Some(5)));
}

#[test]
fn who_has_refused_pieces_may_be_offered_the_rest() {
    let (mut reader, mut writer) = open2(&Cmd::shell("exec <&-; echo x; echo y; exec >&-; exit 5")).unwrap();
    assert_eq!(reader.readline().unwrap(), Some(&b"x\n"[..]));
    capture::feed_each(Some(&mut writer), b"data", Some(&mut reader), None, Deadline::NEVER, |_, _| true).unwrap();
    assert!(writer.is_closed());
    let rest = capture::feed(Some(&mut writer), b"data", Some(&mut reader), None, Deadline::NEVER).unwrap();
    assert_eq!((rest.fed(), rest.status().code()), (0, Some(5)));
}

#[test]
fn after_the_end_of_the_talk_the_wait_can_go_on() {
    let (mut reader, mut writer) = open2(&Cmd::shell("cat; exec >&- 2>&-; kill -STOP $$; exit 5")).unwrap();
    // Until it has said that, and closed its output: how long that takes nobody knows.
    let mut said = Vec::new();
    for input in [&b"said\n"[..]].into_iter().chain(std::iter::repeat(&b""[..])) {
        let first = capture::feed(Some(&mut writer), input, Some(&mut reader), None, Deadline::after_ms(150)).unwrap();
        assert!(first.timed_out() && writer.is_closed());
        said.extend_from_slice(first.output());
        if reader.is_closed() {
            break;
        }
    }
    assert_eq!(said, b"said\n");
    common::stopped(reader.child().unwrap().pid());
    reader.child().unwrap().kill("CONT").unwrap();
    let rest = capture::feed(Some(&mut writer), b"", Some(&mut reader), None, Deadline::NEVER).unwrap();
    assert_eq!(rest.status().code(), Some(5));
    assert!(capture::feed(Some(&mut writer), b"more", None, None, Deadline::NEVER).is_err());
}

#[test]
fn pieces_come_with_their_descriptor_by_callback_and_by_pulling() {
    let input = vec![b'x'; 1 << 20];
    let cmd = Cmd::shell("cat; echo done >&2");
    let run = |pull: bool| {
        let (mut writer, mut reader, error) = parts(open3(&cmd, Errors::Apart).unwrap());
        let mut error = error.unwrap();
        let mut got = [Vec::new(), Vec::new()];
        if pull {
            let mut talk =
                capture::Talk::new(Some(&mut writer), &input[..], Some(&mut reader), Some(&mut error)).unwrap();
            while let Some((fd, piece)) = talk.next(Deadline::NEVER).unwrap() {
                got[fd as usize - 1].extend_from_slice(piece);
            }
        } else {
            let ends = (Some(&mut writer), Some(&mut reader), Some(&mut error));
            capture::feed_each(ends.0, &input, ends.1, ends.2, Deadline::NEVER, |fd, piece| {
                got[fd as usize - 1].extend_from_slice(piece);
                true
            })
            .unwrap();
        }
        assert!(got[0] == input);
        assert_eq!(got[1], b"done\n");
        reader.close().unwrap();
        assert!(error.close().unwrap().unwrap().success());
    };
    run(true);
    run(false);
}

#[test]
fn what_a_conversation_by_pieces_did_not_pass_on_is_in_the_streams() {
    let (mut one, mut one_writer) = Stream::pipe().unwrap();
    let (mut other, mut other_writer) = Stream::pipe().unwrap();
    one_writer.write(b"a\nbb\n").unwrap();
    other_writer.write(b"c\ndd\n").unwrap();
    one.readline().unwrap();
    other.readline().unwrap();
    let (_reader, mut full) = Stream::pipe().unwrap();
    full.timeout(Some(Duration::ZERO));
    assert!(full.write(&vec![b'x'; 1 << 20]).unwrap_err().is_timeout());
    let pending = full.pending();
    assert!(pending > 0);
    capture::feed_each(Some(&mut full), b"y", Some(&mut one), Some(&mut other), Deadline::NEVER, |_, _| false).unwrap();
    assert_eq!(full.pending(), pending);
    assert_eq!(other.readline().unwrap(), Some(&b"dd\n"[..]));
    let within = Deadline::after(Some(Duration::from_millis(20)));
    let error = capture::feed_each(Some(&mut full), b"y", Some(&mut one), None, within, |_, _| true).unwrap_err();
    assert!(error.is_timeout());
    assert_eq!(full.pending(), pending);
}

/// The writer is closed by then, and the reader in the end.
#[test]
fn a_conversation_by_pieces_goes_on_after_it_was_broken_off() {
    let (mut reader, mut writer) = open2(&Cmd::shell("cat; echo one; echo two")).unwrap();
    let mut said = Vec::new();
    let mut talk = |reader: &mut Stream, input: &[u8], go_on: bool| {
        capture::feed_each(Some(&mut writer), input, Some(reader), None, Deadline::NEVER, |_, piece| {
            said.extend_from_slice(piece);
            go_on
        })
    };
    talk(&mut reader, b"", false).unwrap();
    talk(&mut reader, b"", true).unwrap();
    assert!(matches!(talk(&mut reader, b"more", true), Err(Error::Closed { .. })));
    reader.close().unwrap();
    talk(&mut reader, b"", true).unwrap();
    assert_eq!(said, b"one\ntwo\n");
}

#[test]
fn what_bounded_a_conversation_does_not_bound_what_follows() {
    let (gate, mut opener) = Stream::pipe().unwrap();
    let mut cmd = Cmd::shell("exec >&- 2>&-; read x <&3; sleep 0.2; exit 6");
    let (mut reader, mut writer) = open2(cmd.pass(3, gate.as_fd().as_raw_fd())).unwrap();
    let within = Deadline::after(Some(Duration::from_millis(150)));
    let said = capture::feed(Some(&mut writer), b"", Some(&mut reader), None, within).unwrap();
    assert!(said.timed_out());
    opener.write(b"\n").unwrap();
    assert_eq!(reader.close().unwrap().and_then(|status| status.code()), Some(6));
}

/// As the calls of one stream: another thread ends them, whichever stream they wait for.
#[test]
fn another_thread_ends_a_conversation() {
    let much = vec![b'x'; 1 << 20];
    // One that says nothing, and one that hears nothing.
    for (script, input, of_writer) in [("cat >/dev/null; sleep 60", &b""[..], false), ("sleep 60", &much, true)] {
        for close in [false, true] {
            for pull in [false, true] {
                let (mut reader, mut writer) = open2(Cmd::shell(format!("{script}; :")).process_group(0)).unwrap();
                let child = reader.child().unwrap().clone();
                let canceler = if of_writer { writer.canceler() } else { reader.canceler() };
                let since = Instant::now();
                let fd = writer.as_fd().as_raw_fd();
                std::thread::scope(|scope| {
                    scope.spawn(move || {
                        // When something of it has been fed.
                        let mut there = 0;
                        while of_writer && there == 0 {
                            // SAFETY: an out-pointer; the number is closed behind this thread.
                            assert_eq!(unsafe { libc::ioctl(fd, libc::FIONREAD, &mut there) }, 0);
                        }
                        std::thread::sleep(Duration::from_millis(100));
                        // This is not the last stream of the child: nobody waits for that.
                        if close { drop(canceler.close(Deadline::NOW)) } else { canceler.cancel() }
                    });
                    let error = if pull {
                        let mut talk = capture::Talk::new(Some(&mut writer), input, Some(&mut reader), None).unwrap();
                        talk.next(Deadline::NEVER).unwrap_err()
                    } else {
                        let said =
                            capture::feed(Some(&mut writer), input, Some(&mut reader), None, Deadline::NEVER).unwrap();
                        assert!(of_writer == (said.fed() > 0) && !said.timed_out());
                        said.stopped().unwrap().clone()
                    };
                    let closed = matches!(error, Error::Closed { step: "capture" });
                    let canceled = matches!(error, Error::Canceled { .. });
                    assert_eq!((closed, canceled), (close, !close), "{error}");
                });
                assert!(since.elapsed() < Duration::from_secs(20));
                child.kill_tree("KILL").unwrap();
            }
        }
    }
}

#[test]
fn a_child_that_does_not_want_to_hear_more_is_no_failure() {
    let (mut reader, mut writer) = open2(&Cmd::shell("exec 0<&-; echo enough")).unwrap();
    let input = vec![0; 1 << 20];
    let said = capture::feed(Some(&mut writer), &input, Some(&mut reader), None, Deadline::NEVER).unwrap();
    assert_eq!(said.output(), b"enough\n");
    assert!(said.fed() < input.len());
}

/// Of one that was set not to wait the last end is polled, not asked again and again.
#[test]
fn a_descriptor_that_does_not_wait_is_waited_for_all_the_same() {
    let fd = perlipc::popen::open("sleep 0.5; echo late |").unwrap().release().unwrap();
    // SAFETY: the descriptor is open and ours.
    assert_eq!(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) }, 0);
    let mut reader = Stream::adopt(fd).unwrap();
    let spent = || {
        let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
        // SAFETY: the kernel fills it.
        let usage = unsafe {
            assert_eq!(libc::getrusage(libc::RUSAGE_THREAD, usage.as_mut_ptr()), 0);
            usage.assume_init()
        };
        let micros = |time: libc::timeval| time.tv_sec * 1_000_000 + time.tv_usec;
        micros(usage.ru_utime) + micros(usage.ru_stime)
    };
    let before = spent();
    let said = capture::feed(None, b"", Some(&mut reader), None, Deadline::NEVER).unwrap();
    assert_eq!(said.output(), b"late\n");
    let spent = spent() - before;
    assert!(spent < 100_000, "{spent} us of the processor while there was nothing");
}

/// Who hangs up a connection by a reset wants to hear no more: what was heard is there, as with a pipe.
#[test]
fn a_peer_that_resets_the_connection_wants_no_more() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let near = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (far, _) = listener.accept().unwrap();
    let linger = libc::linger { l_onoff: 1, l_linger: 0 };
    // SAFETY: the option is as long as it is said to be.
    let set = unsafe {
        let at = (&raw const linger).cast();
        libc::setsockopt(far.as_raw_fd(), libc::SOL_SOCKET, libc::SO_LINGER, at, size_of::<libc::linger>() as u32)
    };
    assert_eq!(set, 0);
    drop(far);
    let mut writer = Stream::adopt(near.into()).unwrap();
    let said = capture::feed(Some(&mut writer), b"more", None, None, Deadline::NEVER).unwrap();
    assert!(said.stopped().is_none() && said.fed() == 0, "{said:?}");
}

fn tempfile() -> std::fs::File {
    use std::os::unix::fs::OpenOptionsExt;
    let options = || {
        let mut options = std::fs::OpenOptions::new();
        options.read(true).write(true).custom_flags(libc::O_TMPFILE);
        options
    };
    options().open("/tmp").unwrap()
}
