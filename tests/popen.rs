//! Pipe opens, capture and streams, from a user's side.
use perlipc::*;
use std::time::{Duration, Instant};

#[test]
fn smoke() {
    let mut s = popen::open("echo out; exit 3|").unwrap();
    assert_eq!(s.readline().unwrap(), Some(&b"out\n"[..]));
    assert_eq!(s.readline().unwrap(), None);
    assert_eq!(s.close().unwrap().unwrap().code(), Some(3));
    assert!(matches!(s.close(), Err(Error::Closed { .. })));
    let e = popen::open("|bogus_xyz").unwrap_err();
    assert_eq!(e.to_string(), "exec bogus_xyz: No such file or directory");
    let mut s = popen::open("| bogus_xyz 2>/dev/null; exit 9").unwrap();
    let _ = s.write(b"bang\n");
    std::thread::sleep(Duration::from_millis(50));
    let e = s.close().unwrap_err();
    assert_eq!(e.errno(), libc::EPIPE);
    assert_eq!(s.status().unwrap().code(), Some(9));
    println!("{}", popen::open("| cat |").unwrap_err());
    let c = capture::run(&Cmd::shell("cat; echo err >&2; exit 2"), Some(b"hello"), Deadline::NEVER).unwrap();
    assert_eq!((c.output(), c.errors(), c.status().code()), (&b"hello"[..], &b"err\n"[..], Some(2)));
    let big = vec![b'x'; 64 << 20];
    let t = Instant::now();
    let c = capture::run(&Cmd::new("cat"), Some(&big), Deadline::NEVER).unwrap();
    assert!(c.output() == big);
    println!("{:?}", t.elapsed());
    let t = Instant::now();
    let c =
        capture::run(&Cmd::shell("echo part; setsid sleep 7 & exec sleep 8"), None, Deadline::after_ms(200)).unwrap();
    assert!(c.timed_out());
    assert_eq!(c.output(), b"part\n");
    println!("{:?} {}", t.elapsed(), c.status());
    let t = Instant::now();
    let mut s = popen::start(&Cmd::argv(["seq", "5000000"]), Mode::Read).unwrap();
    let mut n = 0u64;
    while s.readline().unwrap().is_some() {
        n += 1
    }
    assert_eq!(n, 5000000);
    println!("{:?}", t.elapsed());
    let c = capture::run(Cmd::argv(["seq", "100000"]).keep(Some(20)), None, Deadline::NEVER).unwrap();
    assert_eq!(c.output(), b"1\n2\n3\n4\n5\n99\n100000\n");
    println!("{}", c.dropped(1));
}
