//! Streams: records by every separator however the bytes arrive, limits, cancelling, closing, broken pipes.

mod common;

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use common::{Random, scale};
use perlipc::*;

common::scenarios![broken_pipe, broken_pipe_ladder, forked_child_keeps_quiet, reads_alone, waits_at_the_end];

/// The records of `$/`, found the slow way.
fn naive(data: &[u8], separator: &Separator) -> Vec<Vec<u8>> {
    let mut rest = data;
    let mut records = Vec::new();
    while !rest.is_empty() {
        let len = match separator {
            Separator::Bytes(bytes) => {
                rest.windows(bytes.len()).position(|w| w == &bytes[..]).map_or(rest.len(), |at| at + bytes.len())
            }
            Separator::Paragraph => {
                while rest.first() == Some(&b'\n') {
                    rest = &rest[1..];
                }
                rest.windows(2).position(|w| w == b"\n\n").map_or(rest.len(), |at| at + 2)
            }
            Separator::Whole => rest.len(),
            Separator::Size(size) => rest.len().min(*size),
        };
        if len > 0 {
            records.push(rest[..len].to_vec());
        }
        rest = &rest[len..];
    }
    records
}

/// Writes in pieces on a thread of its own.
fn feed(mut writer: Stream, data: Vec<u8>, mut random: Random, largest: u64) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        let mut rest = &data[..];
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.len().min(1 + random.below(largest) as usize));
            writer.write(piece).unwrap();
            rest = after;
            if random.below(4) == 0 {
                std::thread::yield_now();
            }
        }
    })
}

fn all_chunkings(rounds: usize) {
    let mut random = Random(42);
    for round in 0..rounds {
        let separator = match random.below(9) {
            0 | 1 => Separator::line(),
            2 => Separator::Bytes(b"ab".into()),
            3 => Separator::Bytes(b"aab".into()),
            4 => Separator::Bytes(b"\0".into()),
            5 | 6 => Separator::Paragraph,
            7 => Separator::Whole,
            _ => Separator::Size(1 + random.below(300) as usize),
        };
        let alphabet: &[u8] = if random.below(2) == 0 { b"ab\n\n" } else { b"ab\n\0xxxxxxxxxxxxxxxxxxxxxxxxxx" };
        let len = if round % 50 == 0 { random.below(400_000) } else { random.below(3000) };
        let data: Vec<u8> = (0..len).map(|_| alphabet[random.below(alphabet.len() as u64) as usize]).collect();
        let wanted = naive(&data, &separator);
        let (mut reader, writer) = Stream::pipe().unwrap();
        reader.separator(separator.clone()).unwrap();
        let largest = [3, 100, 20_000, 200_000][random.below(4) as usize];
        let largest = if len > 10_000 { largest.max(20_000) } else { largest };
        let feeder = feed(writer, data.clone(), Random(round as u64 + 1), largest);
        let mut found: Vec<Vec<u8>> = Vec::new();
        let mixed = random.below(3) == 0;
        loop {
            if mixed && random.below(2) == 0 {
                let most = 1 + random.below(5) as usize;
                let (bytes, ends) = reader.readlines(most).unwrap();
                if ends.is_empty() {
                    break;
                }
                assert!(ends.len() - 1 <= most);
                found.extend(ends.windows(2).map(|ends| bytes[ends[0] as usize..ends[1] as usize].to_vec()));
            } else {
                match reader.readline().unwrap() {
                    Some(line) => found.push(line.to_vec()),
                    None => break,
                }
            }
            assert_eq!(reader.lineno() as usize, found.len());
        }
        assert!(found == wanted, "round {round}, {separator:?}, mixed {mixed}, {data:?}");
        assert!(reader.eof().unwrap());
        assert_eq!(reader.readline().unwrap(), None);
        feeder.join().unwrap();
    }
}

#[test]
fn records_do_not_depend_on_how_the_bytes_arrive() {
    all_chunkings(scale(5000));
}

/// The same where the thread is the only one, and reads by the bare call.
fn reads_alone() {
    for (separator, wanted) in [
        (Separator::line(), vec!["a\n", "\n", "\n", "b\n", "c"]),
        (Separator::Paragraph, vec!["a\n\n", "b\nc"]),
        (Separator::Whole, vec!["a\n\n\nb\nc"]),
        (Separator::Size(3), vec!["a\n\n", "\nb\n", "c"]),
        (Separator::Bytes(b"\nb".into()), vec!["a\n\n\nb", "\nc"]),
    ] {
        let mut stream = popen::open("printf 'a\\n\\n\\n'; printf 'b\\nc' |").unwrap();
        stream.separator(separator.clone()).unwrap();
        for record in wanted {
            assert_eq!(stream.readline().unwrap(), Some(record.as_bytes()), "{separator:?}");
        }
        assert_eq!(stream.readline().unwrap(), None);
    }
    all_chunkings(scale(1000));
}

/// What runs at exit may wait too, though the thread's own memory is gone by then.
fn waits_at_the_end() {
    fn waits() {
        let (mut reader, mut writer) = Stream::pipe().unwrap();
        reader.timeout(Some(Duration::from_secs(20)));
        let later = std::thread::spawn(move || {
            std::thread::yield_now();
            writer.write(b"last\n").unwrap();
        });
        assert_eq!(reader.readline().unwrap(), Some(&b"last\n"[..]));
        later.join().unwrap();
    }
    extern "C" fn last() {
        let good = std::panic::catch_unwind(waits).is_ok();
        // SAFETY: ends the process, in the middle of its end.
        unsafe { libc::_exit(if good { 0 } else { 1 }) };
    }
    waits();
    // SAFETY: a function that lives on.
    unsafe {
        libc::atexit(last);
        libc::exit(2);
    }
}

#[test]
fn what_runs_at_exit_may_wait() {
    common::run("waits_at_the_end");
}

#[test]
fn records_on_the_only_thread() {
    common::run("reads_alone");
}

/// As in Perl there is nothing more when only newlines are, however they arrive; else nothing is lost by asking.
#[test]
fn newlines_after_the_last_paragraph_are_the_end() {
    for pieces in [&["a\n\n\n\n"][..], &["a\n\n", "\n", "\n"], &["a\n", "\n", "\n\n"]] {
        for more in ["", "b"] {
            let (mut reader, mut writer) = Stream::pipe().unwrap();
            reader.separator(Separator::Paragraph).unwrap();
            let pieces: Vec<_> = pieces.iter().chain([&more]).map(|piece| piece.as_bytes().to_vec()).collect();
            let feeder = std::thread::spawn(move || pieces.iter().for_each(|piece| writer.write(piece).unwrap()));
            assert_eq!(reader.readline().unwrap(), Some(&b"a\n\n"[..]));
            assert_eq!(reader.eof().unwrap(), more.is_empty());
            let mut rest = Vec::new();
            reader.read_to_end(&mut rest).unwrap();
            assert_eq!(rest, if more.is_empty() { "".into() } else { format!("\n\n{more}").into_bytes() });
            feeder.join().unwrap();
        }
    }
}

/// Perl's `{ local $/ = ""; $header = <F> } while (<F>) { ... }`.
#[test]
fn newlines_behind_a_paragraph_are_no_lines() {
    let lines = Separator::line;
    for pieces in [&["a\n\n\n\nb\n\nc"][..], &["a\n\n", "\n", "\nb\n", "\nc"], &["a\n\n\n\n", "b\n\nc"]] {
        for (separator, next) in [(lines(), "b\n"), (Separator::Size(4), "b\n\nc"), (Separator::Whole, "b\n\nc")] {
            let (mut reader, mut writer) = Stream::pipe().unwrap();
            let pieces: Vec<_> = pieces.iter().map(|piece| piece.as_bytes().to_vec()).collect();
            reader.separator(Separator::Paragraph).unwrap();
            writer.write(&pieces[0]).unwrap();
            assert_eq!(reader.readline().unwrap(), Some(&b"a\n\n"[..]));
            reader.separator(separator).unwrap();
            let feeder = std::thread::spawn(move || pieces[1..].iter().for_each(|piece| writer.write(piece).unwrap()));
            assert!(!reader.eof().unwrap());
            assert_eq!(reader.readline().unwrap(), Some(next.as_bytes()));
            reader.separator(lines()).unwrap();
            assert_eq!(reader.readline().unwrap(), (next == "b\n").then_some(&b"\n"[..]));
            feeder.join().unwrap();
        }
    }
    // What is read otherwise was there, and newlines behind that are lines.
    let (mut reader, mut writer) = Stream::pipe().unwrap();
    writer.write(b"a\n\n\nbody\n\nc\n").unwrap();
    reader.separator(Separator::Paragraph).unwrap();
    reader.readline().unwrap();
    reader.separator(lines()).unwrap();
    let mut room = [0; 5];
    assert_eq!((reader.read_full(&mut room).unwrap(), &room), (5, b"\nbody"));
    assert_eq!(reader.readline().unwrap(), Some(&b"\n"[..]));
    assert_eq!(reader.readline().unwrap(), Some(&b"\n"[..]));
    assert_eq!(reader.readline().unwrap(), Some(&b"c\n"[..]));
}

#[test]
fn what_is_looked_at_stays() {
    let (mut reader, mut writer) = Stream::pipe().unwrap();
    writer.write(b"one\ntwo\nth").unwrap();
    assert_eq!(reader.peek(0).unwrap(), b"");
    assert_eq!(reader.peek(2).unwrap(), b"on");
    assert_eq!(reader.readline().unwrap(), Some(&b"one\n"[..]));
    assert_eq!(reader.peek(3).unwrap(), b"two");
    reader.timeout(Some(Duration::from_millis(1)));
    assert!(reader.peek(7).unwrap_err().is_timeout());
    reader.timeout(None);
    let feeder = std::thread::spawn(move || writer.write(b"ree").unwrap());
    assert_eq!(reader.peek(9).unwrap(), b"two\nthree");
    assert_eq!(reader.lineno(), 1);
    assert_eq!(reader.peek(usize::MAX).unwrap(), b"two\nthree", "the end");
    assert_eq!(reader.readline().unwrap(), Some(&b"two\n"[..]));
    assert_eq!(reader.readline().unwrap(), Some(&b"three"[..]));
    assert_eq!(reader.peek(1).unwrap(), b"");
    feeder.join().unwrap();
}

#[test]
fn reads_and_lines_share_one_buffer() {
    let (mut reader, mut writer) = Stream::pipe().unwrap();
    writer.write(b"one\ntwo\nthree\nfour").unwrap();
    drop(writer);
    assert_eq!(reader.readline().unwrap(), Some(&b"one\n"[..]));
    assert_eq!(reader.buffered(), b"two\nthree\nfour");
    let mut room = [0; 2];
    assert_eq!((reader.read(&mut room).unwrap(), &room), (2, b"tw"));
    assert_eq!(reader.readline().unwrap(), Some(&b"o\n"[..]));
    reader.separator(Separator::Bytes(b"e".into())).unwrap();
    assert_eq!(reader.readline().unwrap(), Some(&b"thre"[..]));
    let mut room = [0; 3];
    assert_eq!((reader.read_full(&mut room).unwrap(), &room), (3, b"e\nf"));
    assert!(!reader.eof().unwrap());
    let mut rest = Vec::new();
    assert_eq!((reader.read_to_end(&mut rest).unwrap(), &rest[..]), (3, &b"our"[..]));
    assert!(reader.eof().unwrap());
    assert_eq!(reader.read(&mut room).unwrap(), 0);
    assert_eq!(reader.read_full(&mut room).unwrap(), 0);
    assert_eq!(reader.lineno(), 3);
    assert_eq!(reader.close().unwrap(), None);
}

#[test]
fn a_line_longer_than_all_buffers() {
    let mut line = vec![b'x'; 10 << 20];
    line.push(b'\n');
    let (mut reader, writer) = Stream::pipe().unwrap();
    let feeder = feed(writer, [&line[..], b"next\n"].concat(), Random(1), 100_000);
    assert!(reader.readline().unwrap() == Some(&line[..]));
    assert_eq!(reader.readline().unwrap(), Some(&b"next\n"[..]));
    feeder.join().unwrap();
}

#[test]
fn records_that_were_found_ahead_are_looked_at_and_taken() {
    let (mut reader, mut writer) = Stream::pipe().unwrap();
    let ahead = |reader: &mut Stream| {
        let (data, places) = reader.ahead();
        places.windows(2).map(|at| data[at[0] as usize..at[1] as usize].to_vec()).collect::<Vec<_>>()
    };
    writer.write(b"a\nbb\nccc\nrest").unwrap();
    assert_eq!(ahead(&mut reader), [b""; 0], "nothing was looked for yet");
    reader.skip_ahead(1);
    assert_eq!(reader.readline().unwrap(), Some(&b"a\n"[..]));
    assert_eq!(ahead(&mut reader), [&b"bb\n"[..], b"ccc\n"]);
    reader.skip_ahead(3);
    assert_eq!(ahead(&mut reader).len(), 2, "more than there are");
    reader.skip_ahead(1);
    assert_eq!(ahead(&mut reader), [b"ccc\n"]);
    assert_eq!((reader.lineno(), reader.buffered()), (2, &b"ccc\nrest"[..]));
    let mut room = [0; 2];
    assert_eq!(reader.read(&mut room).unwrap(), 2);
    assert_eq!(ahead(&mut reader), [b""; 0], "records begin elsewhere now");
    reader.skip_ahead(usize::MAX);
    assert_eq!(reader.readline().unwrap(), Some(&b"c\n"[..]));
    writer.write(b"\nx\n").unwrap();
    assert_eq!(reader.readline().unwrap(), Some(&b"rest\n"[..]));
    reader.close().unwrap();
    assert_eq!(ahead(&mut reader), [b""; 0], "closed");
}

#[test]
fn the_line_limit_counts_the_whole_record() {
    for ahead in [true, false] {
        let (mut reader, mut writer) = Stream::pipe().unwrap();
        reader.line_limit(Some(8)).unwrap();
        writer.write(b"1234567\n12345678").unwrap();
        if ahead {
            writer.write(b"\nend\n").unwrap();
        }
        assert_eq!(reader.readline().unwrap(), Some(&b"1234567\n"[..]));
        if !ahead {
            reader.timeout(Some(Duration::from_millis(1)));
            assert!(reader.readline().unwrap_err().is_timeout());
            reader.timeout(None);
            writer.write(b"\nend\n").unwrap();
        }
        // However it arrives, it is too long, and stays.
        for _ in 0..2 {
            let error = reader.readline().unwrap_err();
            assert_eq!(error.to_string(), "readline: longer than the limit of 8 bytes", "{ahead}");
            assert_eq!(reader.readlines(10).unwrap_err(), error);
        }
        reader.line_limit(None).unwrap();
        assert_eq!(reader.readline().unwrap(), Some(&b"12345678\n"[..]));
        assert_eq!(reader.readline().unwrap(), Some(&b"end\n"[..]));
    }
    // Many at once: those before it are given.
    let (mut reader, mut writer) = Stream::pipe().unwrap();
    reader.line_limit(Some(3)).unwrap();
    writer.write(b"a\nb\nlonger\nc\n").unwrap();
    assert_eq!(reader.readlines(10).unwrap().1.len(), 3);
    assert_eq!(reader.readlines(10).unwrap_err().errno(), libc::EMSGSIZE);
    // And those that were found ahead.
    reader.line_limit(None).unwrap();
    assert_eq!(reader.readline().unwrap(), Some(&b"longer\n"[..]));
    writer.write(b"d\ne\nlonger\n").unwrap();
    assert_eq!(reader.readline().unwrap(), Some(&b"c\n"[..]));
    assert_eq!(reader.readline().unwrap(), Some(&b"d\n"[..]));
    reader.line_limit(Some(3)).unwrap();
    assert_eq!(reader.ahead().1.len(), 2);
    assert_eq!(reader.readline_ahead(), Some(&b"e\n"[..]));
    assert_eq!(reader.ahead().1.len(), 0);
    assert_eq!(reader.readline_ahead(), None);
    assert_eq!(reader.readline().unwrap_err().errno(), libc::EMSGSIZE);
    // One that never ends is not held without end.
    let (mut reader, writer) = Stream::pipe().unwrap();
    reader.line_limit(Some(1 << 20)).unwrap();
    let feeder = std::thread::spawn(move || {
        let mut writer = writer;
        while writer.write(&[b'x'; 65536]).is_ok() {}
    });
    assert!(matches!(reader.readline(), Err(Error::TooLong { .. })));
    assert!(reader.buffered().len() < 2 << 20);
    drop(reader);
    feeder.join().unwrap();
}

#[test]
fn separators_that_are_none() {
    let (mut reader, mut writer) = Stream::pipe().unwrap();
    assert_eq!(reader.separator(Separator::Bytes(b"".into())).unwrap_err().errno(), libc::EINVAL);
    assert_eq!(reader.separator(Separator::Size(0)).unwrap_err().errno(), libc::EINVAL);
    assert_eq!(writer.readline().unwrap_err().errno(), libc::EBADF);
    assert_eq!(reader.write(b"x").unwrap_err().errno(), libc::EBADF);
}

#[test]
fn timeouts_lose_nothing() {
    let (mut reader, mut writer) = Stream::pipe().unwrap();
    reader.timeout(Some(Duration::from_millis(20)));
    writer.write(b"half a").unwrap();
    let begin = Instant::now();
    let error = reader.readline().unwrap_err();
    assert_eq!(error.to_string(), "read: timed out");
    assert!(begin.elapsed() >= Duration::from_millis(20));
    assert_eq!(reader.buffered(), b"half a");
    let mut room = [0; 10];
    assert!(reader.read_full(&mut room).unwrap_err().is_timeout());
    assert_eq!(reader.buffered(), b"half a");
    writer.write(b" line\n").unwrap();
    assert_eq!(reader.readline().unwrap(), Some(&b"half a line\n"[..]));
    // A deadline is of all calls together.
    reader.timeout(None);
    reader.deadline(Deadline::after_ms(30));
    let begin = Instant::now();
    for _ in 0..5 {
        assert!(reader.read(&mut room).unwrap_err().is_timeout());
        assert!(reader.eof().unwrap_err().is_timeout());
    }
    assert!(begin.elapsed() < Duration::from_secs(5));
    // What is there is given even when there is no time.
    writer.write(b"x").unwrap();
    assert_eq!(reader.read(&mut room).unwrap(), 1);
    reader.timeout(Some(Duration::ZERO));
    assert!(reader.read(&mut room).unwrap_err().is_timeout());
}

/// It is never waited for, so that poll never tells that the time is up.
fn endless() -> Stream {
    let zero = std::fs::File::options().read(true).write(true).open("/dev/zero").unwrap();
    Stream::adopt(OwnedFd::from(zero)).unwrap()
}

#[test]
fn time_is_up_also_where_there_is_always_more() {
    let short = Some(Duration::from_millis(20));
    let late = |error: Error| assert!(error.is_timeout(), "{error}");
    let mut whole = Vec::new();
    let mut pattern = Expect::new();
    pattern.text("x").unwrap();
    for limit in [short, Some(Duration::ZERO)] {
        for separator in [Separator::line(), Separator::Bytes(b"ab".into()), Separator::Whole, Separator::Size(1 << 40)]
        {
            let mut zero = endless();
            zero.timeout(limit);
            zero.separator(separator).unwrap();
            late(zero.readline().unwrap_err());
        }
        let mut zero = endless();
        zero.timeout(limit);
        late(zero.read_to_end(&mut whole).unwrap_err());
        late(pattern.wait(&mut zero).unwrap_err());
    }
    let mut zero = endless();
    zero.deadline(Deadline::after(short));
    let error = loop {
        if let Err(error) = zero.fill() {
            break error;
        }
    };
    late(error);
    let within = || Deadline::after(short);
    late(capture::feed_each(None, b"", Some(&mut zero), None, within(), |_, _| true).unwrap_err());
    assert!(capture::feed(None, b"", Some(&mut endless()), None, within()).unwrap().timed_out());
    let (mut zero, within_all) = (endless(), within());
    let mut talk = capture::Talk::new(None, b"", Some(&mut zero), None).unwrap();
    let error = loop {
        if let Err(error) = talk.next(within_all) {
            break error;
        }
    };
    late(error);
    let (quiet, _typist) = Stream::pipe().unwrap();
    let nowhere = std::fs::File::options().write(true).open("/dev/null").unwrap();
    let mut interact = Interact::new();
    interact.terminal(quiet.as_fd().as_raw_fd(), nowhere.as_raw_fd());
    late(interact.next(&mut endless(), within()).unwrap_err());
}

#[test]
fn time_is_up_also_where_all_is_taken_at_once() {
    let (mut reader, mut writer) = Stream::pipe().unwrap();
    let taker = std::thread::spawn(move || {
        let mut room = vec![0; 1 << 20];
        while reader.read(&mut room).unwrap() > 0 {}
    });
    writer.timeout(Some(Duration::from_millis(5)));
    assert!(writer.write(&vec![0; 256 << 20]).unwrap_err().is_timeout());
    let rest = writer.pending();
    assert!(rest > 0);
    // As soon as the taker has its turn.
    while writer.pending() == rest {
        assert!(writer.flush().unwrap_err().is_timeout());
    }
    drop(writer);
    taker.join().unwrap();
}

#[test]
fn what_a_timeout_left_is_written_once() {
    let (mut reader, mut writer) = Stream::pipe().unwrap();
    writer.timeout(Some(Duration::from_millis(5)));
    let mut wanted = Vec::new();
    let mut timeouts = 0;
    for i in 0..40u8 {
        let piece = vec![i; 9000];
        wanted.extend_from_slice(&piece);
        match writer.write(&piece) {
            Ok(()) => {}
            Err(error) => {
                assert!(error.is_timeout(), "{error}");
                timeouts += 1;
            }
        }
    }
    assert!(timeouts > 10, "the pipe took it all");
    let drain = std::thread::spawn(move || {
        let mut all = Vec::new();
        reader.read_to_end(&mut all).unwrap();
        all
    });
    writer.timeout(None);
    writer.flush().unwrap();
    writer.flush().unwrap();
    writer.close().unwrap();
    assert!(drain.join().unwrap() == wanted);
}

#[test]
fn what_cannot_be_written_now_is_written_later() {
    let (mut reader, mut writer) = Stream::pipe().unwrap();
    let piece: Vec<u8> = (0..4096u32).map(|i| i as u8).collect();
    let mut wanted = Vec::new();
    let mut full = 0;
    while full < 3 {
        wanted.extend_from_slice(&piece);
        full += u32::from(!writer.write_now(&piece).unwrap());
    }
    let drain = std::thread::spawn(move || {
        let mut all = Vec::new();
        reader.read_to_end(&mut all).unwrap();
        all
    });
    writer.flush().unwrap();
    assert!(writer.write_now(b"at once").unwrap());
    wanted.extend_from_slice(b"at once");
    writer.close().unwrap();
    assert!(drain.join().unwrap() == wanted);
}

#[test]
fn autoflush() {
    let (mut reader, mut writer) = Stream::pipe().unwrap();
    reader.timeout(Some(Duration::from_millis(5)));
    assert!(writer.is_autoflush());
    writer.autoflush(false).unwrap();
    writer.write(b"kept").unwrap();
    assert!(reader.read(&mut [0; 8]).unwrap_err().is_timeout());
    writer.autoflush(true).unwrap();
    assert_eq!(reader.read(&mut [0; 8]).unwrap(), 4);
    writer.autoflush(false).unwrap();
    writer.write(&[b'x'; 5000]).unwrap();
    writer.write(&[b'y'; 5000]).unwrap();
    writer.close().unwrap();
    let mut all = Vec::new();
    reader.read_to_end(&mut all).unwrap();
    assert!(all == [[b'x'; 5000], [b'y'; 5000]].concat());
    // Dropping writes what can be written without waiting.
    let (mut reader, mut writer) = Stream::pipe().unwrap();
    writer.autoflush(false).unwrap();
    writer.write(b"at the end").unwrap();
    drop(writer);
    assert_eq!(reader.readline().unwrap(), Some(&b"at the end"[..]));
    let (_reader, mut writer) = Stream::pipe().unwrap();
    writer.autoflush(false).unwrap();
    writer.timeout(Some(Duration::ZERO));
    while writer.write(&[0; 4096]).is_ok() {}
    let begin = Instant::now();
    drop(writer);
    assert!(begin.elapsed() < Duration::from_secs(20));
}

#[test]
fn cancel_ends_who_waits_and_who_would() {
    let mut times = Vec::new();
    for _ in 0..scale(500) {
        let (mut reader, _writer) = Stream::pipe().unwrap();
        let canceler = reader.canceler();
        let waits = std::thread::spawn(move || {
            let error = reader.readline().map(|line| line.map(<[u8]>::to_vec)).unwrap_err();
            (error, reader.read(&mut [0; 1]).unwrap_err(), Instant::now())
        });
        if times.len() % 2 == 0 {
            std::thread::yield_now();
        }
        let begin = Instant::now();
        canceler.cancel();
        let (first, second, end) = waits.join().unwrap();
        assert_eq!((first.errno(), second.errno()), (libc::ECANCELED, libc::ECANCELED));
        times.push(end.saturating_duration_since(begin));
    }
    common::within(times, Duration::from_secs(2), "cancel");
    // A writer too; other streams of the thread are not touched.
    let (mut other, mut fed) = Stream::pipe().unwrap();
    let (_reader, mut writer) = Stream::pipe().unwrap();
    let canceler = writer.canceler();
    let waits = std::thread::spawn(move || {
        let error = writer.write(&vec![0; 1 << 20]).unwrap_err();
        fed.write(b"fine\n").unwrap();
        (error, other.readline().unwrap().map(<[u8]>::to_vec))
    });
    std::thread::sleep(Duration::from_millis(10));
    canceler.cancel();
    let (error, line) = waits.join().unwrap();
    assert_eq!((error.errno(), line), (libc::ECANCELED, Some(b"fine\n".to_vec())));
}

#[test]
fn adopt_lend_release() {
    let (mut reader, mut writer) = Stream::pipe().unwrap();
    let number = writer.as_fd().as_raw_fd();
    let fd: OwnedFd = writer.release().unwrap();
    assert_eq!(fd.as_raw_fd(), number);
    assert!(writer.is_closed());
    assert!(matches!(writer.write(b"x"), Err(Error::Closed { .. })));
    assert!(matches!(writer.release(), Err(Error::Closed { .. })));
    assert!(matches!(writer.close(), Err(Error::Closed { .. })));
    drop(writer);
    let mut writer = Stream::adopt(fd).unwrap();
    writer.write(b"one\ntwo\n").unwrap();
    assert_eq!(reader.readline().unwrap(), Some(&b"one\n"[..]));
    let error = reader.release().unwrap_err();
    assert_eq!(error.to_string(), "release: 4 bytes are read ahead: read them first");
    assert_eq!(reader.readline().unwrap(), Some(&b"two\n"[..]));
    let mut reader = Stream::adopt(reader.release().unwrap()).unwrap();
    // One that does not wait stays so, and waits all the same.
    // SAFETY: plain numbers, of a descriptor of ours.
    unsafe { libc::fcntl(reader.as_fd().as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) };
    let later = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(20));
        writer.write(b"late").unwrap();
        writer
    });
    assert_eq!(reader.read(&mut [0; 8]).unwrap(), 4);
    drop(later.join().unwrap());
    let fd = reader.release().unwrap();
    // SAFETY: as above.
    assert_ne!(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GETFL) } & libc::O_NONBLOCK, 0);
}

#[test]
fn files_and_sockets() {
    let dir = common::Dir::new("stream");
    let path = dir.path("file");
    std::fs::write(&path, "a\nb\n").unwrap();
    let file = std::fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
    let mut stream = Stream::adopt(file.into()).unwrap();
    stream.timeout(Some(Duration::from_secs(10)));
    assert_eq!(stream.readline().unwrap(), Some(&b"a\n"[..]));
    assert_eq!(stream.readline().unwrap(), Some(&b"b\n"[..]));
    assert_eq!(stream.readline().unwrap(), None);
    stream.write(b"c\n").unwrap();
    stream.close().unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "a\nb\nc\n");

    let (one, other) = std::os::unix::net::UnixStream::pair().unwrap();
    let (mut one, mut other) = (Stream::adopt(one.into()).unwrap(), Stream::adopt(other.into()).unwrap());
    one.write(b"ping\n").unwrap();
    assert_eq!(other.readline().unwrap(), Some(&b"ping\n"[..]));
    one.shutdown().unwrap();
    assert_eq!(other.readline().unwrap(), None);
    other.write(b"pong\n").unwrap();
    assert_eq!(one.readline().unwrap(), Some(&b"pong\n"[..]));
    drop(one);
    let error = (0..2).find_map(|_| other.write(b"x").err()).unwrap();
    assert_eq!(error.errno(), libc::EPIPE);
}

/// SIGPIPE has its default in this process, which a broken pipe would end.
fn broken_pipe() {
    // SAFETY: nothing is changed.
    let before = unsafe {
        let mut now: libc::sigaction = std::mem::zeroed();
        libc::sigaction(libc::SIGPIPE, std::ptr::null(), &mut now);
        now.sa_sigaction
    };
    assert_eq!(before, libc::SIG_DFL);
    for threads in [false, true] {
        if threads {
            std::thread::spawn(std::thread::park);
        }
        for bounded in [false, true] {
            for socket in [false, true] {
                let (reader, mut writer) = if socket {
                    let (one, other) = std::os::unix::net::UnixStream::pair().unwrap();
                    (Stream::adopt(one.into()).unwrap(), Stream::adopt(other.into()).unwrap())
                } else {
                    Stream::pipe().unwrap()
                };
                drop(reader);
                writer.timeout(bounded.then_some(Duration::from_secs(10)));
                let error = writer.write(b"bang").unwrap_err();
                assert_eq!((error.errno(), error.step()), (libc::EPIPE, "write"));
                writer.autoflush(false).unwrap();
                writer.write(b"kept").unwrap();
                assert_eq!(writer.close().unwrap_err().errno(), libc::EPIPE);
            }
        }
        let mut stream = popen::open("| exit 3;").unwrap();
        let _ = stream.child().unwrap().wait(Deadline::NEVER).unwrap();
        stream.write(&[0; 100_000]).unwrap_err();
        stream.close().unwrap();
        assert_eq!(stream.status().unwrap().code(), Some(3));
    }
    // A SIGPIPE that was blocked and pending before stays pending; one of ours does not stay.
    // SAFETY: this thread's mask, its own signal.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        libc::sigpending(&mut set);
        assert_eq!(libc::sigismember(&set, libc::SIGPIPE), 0);
        libc::sigemptyset(&mut set);
        libc::sigaddset(&mut set, libc::SIGPIPE);
        libc::pthread_sigmask(libc::SIG_BLOCK, &set, std::ptr::null_mut());
        libc::raise(libc::SIGPIPE);
        let (_, mut writer) = Stream::pipe().unwrap();
        assert_eq!(writer.write(b"x").unwrap_err().errno(), libc::EPIPE);
        libc::sigpending(&mut set);
        assert_eq!(libc::sigismember(&set, libc::SIGPIPE), 1);
    }
}

/// The same where the kernel cannot be told to send none.
fn broken_pipe_ladder() {
    let refuse = libc::SECCOMP_RET_ERRNO | libc::EOPNOTSUPP as u32;
    let statement = |code: u32, k: u32, jt, jf| libc::sock_filter { code: code as u16, jt, jf, k };
    let mut filter = [
        statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        statement(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, libc::SYS_pwritev2 as u32, 0, 1),
        statement(libc::BPF_RET | libc::BPF_K, refuse, 0, 0),
        statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW, 0, 0),
    ];
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    // SAFETY: a whole program, read during the call.
    unsafe {
        assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        assert_eq!(libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program), 0);
    }
    broken_pipe();
}

#[test]
fn a_broken_pipe_is_an_error_and_no_signal() {
    common::run("broken_pipe");
    common::run("broken_pipe_ladder");
}

/// What is pending when the process forks is written by the parent alone.
fn forked_child_keeps_quiet() {
    let (mut reader, mut writer) = Stream::pipe().unwrap();
    writer.autoflush(false).unwrap();
    writer.write(b"parent\n").unwrap();
    for how in 0..3 {
        // SAFETY: this is the only thread.
        match unsafe { fork() }.unwrap() {
            Fork::Child => {
                match how {
                    0 => drop(writer),
                    1 => writer.close().map(drop).unwrap(),
                    _ => {
                        writer.write(b"child\n").unwrap();
                        writer.flush().unwrap();
                    }
                }
                // SAFETY: ends the child without the harness.
                unsafe { libc::_exit(0) }
            }
            Fork::Parent(child) => assert!(child.wait(Deadline::NEVER).unwrap().success()),
        }
    }
    writer.close().unwrap();
    let mut all = Vec::new();
    reader.read_to_end(&mut all).unwrap();
    assert_eq!(all, b"child\nparent\n");
}

#[test]
fn pending_bytes_are_not_inherited() {
    common::run("forked_child_keeps_quiet");
}

#[test]
fn closed_is_closed() {
    let (mut reader, mut writer) = Stream::pipe().unwrap();
    assert_eq!(reader.close().unwrap(), None);
    assert!(matches!(reader.readline(), Err(Error::Closed { .. })));
    assert!(matches!(reader.read(&mut [0; 1]), Err(Error::Closed { .. })));
    assert!(matches!(reader.close(), Err(Error::Closed { .. })));
    assert!(reader.is_closed());
    // Lent, the descriptor of a closed stream is none.
    // SAFETY: a number that is no descriptor.
    assert_eq!(unsafe { libc::fcntl(reader.as_fd().as_raw_fd(), libc::F_GETFD) }, -1);
    assert_eq!(writer.write(b"x").unwrap_err().errno(), libc::EPIPE);
}

#[test]
fn records_larger_than_memory() {
    for size in [1 << 40, usize::MAX] {
        let (mut reader, mut writer) = Stream::pipe().unwrap();
        reader.separator(Separator::Size(size)).unwrap();
        writer.write(b"head").unwrap();
        let mut room = [0; 2];
        assert_eq!(reader.read(&mut room).unwrap(), 2);
        writer.write(b"tail").unwrap();
        // Read ahead, so that the record does not begin where the buffer does.
        reader.fill().unwrap();
        reader.consume(1);
        drop(writer);
        assert!(!reader.fill().unwrap());
        assert_eq!(reader.readline().unwrap(), Some(&b"dtail"[..]));
        assert_eq!(reader.readline().unwrap(), None);
    }
    // A limit that is smaller than the record keeps no more than that.
    let (mut reader, mut writer) = Stream::pipe().unwrap();
    reader.separator(Separator::Size(1 << 40)).unwrap();
    reader.line_limit(Some(3)).unwrap();
    reader.timeout(Some(Duration::ZERO));
    writer.write(b"four").unwrap();
    assert!(matches!(reader.readline(), Err(Error::TooLong { .. })));
    reader.line_limit(None).unwrap();
    drop(writer);
    assert_eq!(reader.readline().unwrap(), Some(&b"four"[..]));
}

#[test]
fn two_threads_have_a_half_each() {
    let (mut near, mut far) = unix::pair().unwrap();
    near.timeout(Some(Duration::from_secs(20)));
    let mut writer = near.split().unwrap();
    assert!(near.split().is_none() && writer.split().is_none());
    assert!(near.is_readable() && !near.is_writable() && writer.is_writable() && !writer.is_readable());
    assert_eq!(near.write(b"x").unwrap_err().errno(), libc::EBADF);
    assert_eq!(writer.readline().unwrap_err().errno(), libc::EBADF);
    assert!(matches!(near.release(), Err(Error::Invalid { step: "release", .. })));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..1000 {
                writer.write(format!("{n}\n").as_bytes()).unwrap();
            }
            writer.shutdown().unwrap();
        });
        scope.spawn(|| {
            while let Some(line) = far.readline().unwrap().map(<[u8]>::to_vec) {
                far.write(&line).unwrap();
            }
            far.shutdown().unwrap();
        });
        for n in 0..1000 {
            assert_eq!(near.readline().unwrap(), Some(format!("{n}\n").as_bytes()));
        }
        assert_eq!(near.readline().unwrap(), None);
    });
    // Only what was split can be joined.
    let (mut one, other) = unix::pair().unwrap();
    assert!(one.join(other).is_some());
    let writer = one.join(writer).expect("of another stream");
    assert!(near.join(writer).is_none());
    assert!(near.is_readable() && near.is_writable());
    assert_eq!(near.close().unwrap(), None);
}

#[test]
fn halves_have_time_limits_of_their_own() {
    let (mut near, _far) = unix::pair().unwrap();
    let mut writer = near.split().unwrap();
    near.timeout(Some(Duration::from_millis(1)));
    std::thread::scope(|scope| {
        let canceler = near.canceler();
        let waits = scope.spawn(move || writer.write(&vec![0; 8 << 20]).unwrap_err());
        for _ in 0..50 {
            assert!(near.readline().unwrap_err().is_timeout());
        }
        assert!(!waits.is_finished());
        canceler.cancel();
        assert!(matches!(waits.join().unwrap(), Error::Canceled { .. }));
    });
    assert!(matches!(near.readline(), Err(Error::Canceled { .. })));
}

#[test]
fn one_half_closes_both() {
    let (mut near, mut far) = unix::pair().unwrap();
    let mut writer = near.split().unwrap();
    drop(near.split());
    near.close().unwrap();
    assert!(writer.is_closed() && matches!(writer.write(b"x"), Err(Error::Closed { .. })));
    assert_eq!(far.readline().unwrap(), None);
    let (mut near, mut far) = unix::pair().unwrap();
    let writer = near.split().unwrap();
    drop(near);
    far.timeout(Some(Duration::from_millis(20)));
    assert!(far.readline().unwrap_err().is_timeout(), "the other half has it open");
    drop(writer);
    assert_eq!(far.readline().unwrap(), None);
    let (mut reader, mut writer) = Stream::pipe().unwrap();
    assert!(reader.split().is_none() && writer.split().is_none());
}
