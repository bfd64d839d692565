//! Named pipes, from a user's side.

mod common;

use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use common::eventually;

use perlipc::fifo::{self, Mode, Private};
use perlipc::{Cmd, Deadline, Error, Stream, capture};

#[test]
fn made_with_its_mode_and_known_as_a_fifo() {
    let place = Private::new().unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(place.path()), 0o600);
    assert_eq!(mode(place.path().parent().unwrap()), 0o700);
    assert!(fifo::is(place.path()).unwrap());
    assert!(!fifo::is("/dev/null").unwrap());
    assert!(!fifo::is("/nosuch/file").unwrap());
    // A name that leads nowhere is none either.
    let circle = place.path().with_file_name("circle");
    std::os::unix::fs::symlink(&circle, &circle).unwrap();
    assert!(!fifo::is(&circle).unwrap());
    std::fs::remove_file(&circle).unwrap();
    assert!(!fifo::is("x".repeat(300)).unwrap());
    let error = fifo::make(place.path(), 0o600).unwrap_err();
    assert_eq!((error.step(), error.errno()), ("mkfifo", libc::EEXIST));
    let kept = place.path().to_owned();
    drop(place);
    assert!(!kept.parent().unwrap().exists());
}

#[test]
fn opening_waits_for_the_other_side_until_the_deadline() {
    let place = Private::new().unwrap();
    let since = Instant::now();
    for mode in [Mode::Read, Mode::Write] {
        assert!(fifo::open(place.path(), mode, Deadline::after_ms(60)).unwrap_err().is_timeout());
    }
    assert!(since.elapsed() >= Duration::from_millis(120));
    let path = place.path().to_owned();
    let writer = std::thread::spawn(move || {
        let mut writer = fifo::open(path, Mode::Write, Deadline::after_ms(10_000)).unwrap();
        writer.write(b"hello\n").unwrap();
        writer.close().unwrap();
    });
    let mut reader = fifo::open(place.path(), Mode::Read, Deadline::after_ms(10_000)).unwrap();
    assert_eq!(reader.readline().unwrap(), Some(&b"hello\n"[..]));
    assert_eq!(reader.readline().unwrap(), None, "the last writer has closed");
    writer.join().unwrap();
}

#[test]
fn opening_for_ever_waits_in_the_kernel() {
    let place = Private::new().unwrap();
    let mut child = perlipc::popen::start(
        &Cmd::argv([b"cat".to_vec(), place.path().to_string_lossy().into_owned().into()]),
        perlipc::Mode::Read,
    )
    .unwrap();
    let mut writer = fifo::open(place.path(), Mode::Write, Deadline::NEVER).unwrap();
    writer.write(b"through\n").unwrap();
    writer.close().unwrap();
    assert_eq!(child.readline().unwrap(), Some(&b"through\n"[..]));
}

#[test]
fn a_reader_that_keeps_it_open_survives_its_writers() {
    let place = Private::new().unwrap();
    let mut reader = fifo::open(place.path(), Mode::Keep, Deadline::NEVER).unwrap();
    for word in ["one\n", "two\n"] {
        let mut writer = fifo::open(place.path(), Mode::Write, Deadline::NOW).unwrap();
        writer.write(word.as_bytes()).unwrap();
        writer.close().unwrap();
        assert_eq!(reader.readline().unwrap(), Some(word.as_bytes()));
    }
    reader.timeout(Some(Duration::from_secs(10)));
    reader.write(b"self\n").unwrap();
    assert_eq!(reader.readline().unwrap(), Some(&b"self\n"[..]), "what it writes it reads without a flush between");
    reader.timeout(Some(Duration::from_millis(50)));
    assert!(reader.readline().unwrap_err().is_timeout(), "no end");
}

#[test]
fn writing_without_a_reader_is_an_error_and_no_signal() {
    let place = Private::new().unwrap();
    let reader = fifo::open(place.path(), Mode::Keep, Deadline::NEVER).unwrap();
    let mut writer = fifo::open(place.path(), Mode::Write, Deadline::NOW).unwrap();
    drop(reader);
    writer.write(b"buffered").unwrap();
    assert_eq!(writer.flush().unwrap_err().errno(), libc::EPIPE);
}

#[test]
fn what_is_no_fifo_is_refused() {
    assert!(matches!(fifo::open("/dev/null", Mode::Read, Deadline::NOW), Err(Error::Invalid { .. })));
    assert_eq!(fifo::open("/nosuch/fifo", Mode::Read, Deadline::NOW).unwrap_err().errno(), libc::ENOENT);
    assert!(matches!("+>".parse::<Mode>(), Err(Error::Invalid { .. })));
    assert!(matches!(fifo::make("a\0b", 0o600), Err(Error::Invalid { .. })));
}

#[test]
fn a_writer_that_says_nothing_was_there_all_the_same() {
    let place = Private::new().unwrap();
    for limit in [Deadline::NEVER, Deadline::after_ms(10_000)] {
        let path = place.path().to_owned();
        let writer = std::thread::spawn(move || {
            // Until somebody reads it waits; then it is gone at once.
            drop(std::fs::File::options().write(true).open(path).unwrap());
        });
        let mut reader = fifo::open(place.path(), Mode::Read, limit).unwrap();
        assert_eq!(reader.readline().unwrap(), None);
        writer.join().unwrap();
    }
}

#[test]
fn what_somebody_left_for_another_reader_has_an_end() {
    let place = Private::new().unwrap();
    let keeps = fifo::open(place.path(), Mode::Keep, Deadline::NEVER).unwrap();
    let other = std::fs::File::options().read(true).open(place.path()).unwrap();
    std::fs::write(place.path(), "left\n").unwrap();
    drop(keeps);
    let mut reader = fifo::open(place.path(), Mode::Read, Deadline::after_ms(10_000)).unwrap();
    reader.timeout(Some(Duration::from_secs(10)));
    assert_eq!(reader.readline().unwrap(), Some(&b"left\n"[..]));
    assert_eq!(reader.readline().unwrap(), None);
    drop(other);
}

/// Threads that read or write with a limit, each on a stream of its own, while there is once in a while something for one
/// of them: no call of the others lasts.
fn each_in_time(mode: Mode, mut once: impl FnMut(&mut std::fs::File), call: impl Fn(&mut Stream) + Sync) {
    let place = Private::new().unwrap();
    let mut keeps = Some(std::fs::File::options().read(true).write(true).open(place.path()).unwrap());
    let (calls, end): ([AtomicUsize; 8], _) = (Default::default(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for calls in &calls {
            let mut stream = fifo::open(place.path(), mode, Deadline::NEVER).unwrap();
            if mode == Mode::Write {
                stream.autoflush(true).unwrap();
            }
            stream.timeout(Some(Duration::from_millis(10)));
            let (call, end) = (&call, &end);
            scope.spawn(move || {
                while !end.load(Ordering::SeqCst) {
                    call(&mut stream);
                    calls.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        let mut all_came_back = true;
        for _ in 0..60 {
            let before: Vec<_> = calls.iter().map(|calls| calls.load(Ordering::SeqCst)).collect();
            keeps.iter_mut().for_each(&mut once);
            let came_back =
                || calls.iter().zip(&before).all(|(calls, before)| calls.load(Ordering::SeqCst) > before + 1);
            all_came_back = eventually(came_back);
            if !all_came_back {
                break;
            }
        }
        end.store(true, Ordering::SeqCst);
        if !all_came_back {
            // What hangs is let go.
            keeps.take();
        }
        assert!(all_came_back, "a call outlasts its limit");
    });
}

#[test]
fn a_limit_holds_also_where_another_reader_is_quicker() {
    let read = |stream: &mut Stream| match stream.read(&mut [0; 10]) {
        Ok(n) => assert!(n > 0),
        Err(error) => assert!(error.is_timeout(), "{error}"),
    };
    each_in_time(Mode::Read, |keeps| keeps.write_all(b"x").unwrap(), read);
}

#[test]
fn a_limit_holds_also_where_another_writer_is_quicker() {
    let write = |stream: &mut Stream| match stream.write(&[b'x'; 4096]) {
        Ok(()) => {}
        Err(error) => assert!(error.is_timeout(), "{error}"),
    };
    each_in_time(Mode::Write, |keeps| keeps.read_exact(&mut [0; 4096]).unwrap(), write);
}

#[test]
fn a_limit_of_a_conversation_holds_also_where_another_reader_is_quicker() {
    let soon = || Deadline::after(Some(Duration::from_millis(10)));
    each_in_time(
        Mode::Read,
        |keeps| keeps.write_all(b"x").unwrap(),
        |stream| {
            let captured = capture::feed(None, b"", Some(stream), None, soon()).unwrap();
            assert!(captured.stopped().unwrap().is_timeout());
        },
    );
    each_in_time(
        Mode::Read,
        |keeps| keeps.write_all(b"x").unwrap(),
        |stream| {
            let ended = capture::feed_each(None, b"", Some(stream), None, soon(), |_, _| true);
            assert!(ended.unwrap_err().is_timeout());
        },
    );
}

#[test]
fn a_limit_of_a_conversation_holds_also_where_another_writer_is_quicker() {
    each_in_time(
        Mode::Write,
        |keeps| keeps.read_exact(&mut [0; 4096]).unwrap(),
        |stream| {
            // A stream's first words, each time.
            let mut writer = Stream::adopt(stream.as_fd().try_clone_to_owned().unwrap()).unwrap();
            let soon = Deadline::after(Some(Duration::from_millis(10)));
            let captured = capture::feed(Some(&mut writer), &[b'x'; 4096], None, None, soon).unwrap();
            assert!(captured.stopped().is_none_or(Error::is_timeout));
        },
    );
}
