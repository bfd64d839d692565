//! TCP streams and listeners, from a user's side; perl, nc and socat at the other end.

mod common;

use std::io::Read;
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, AsRawFd};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use perlipc::{Deadline, Error, Half, Listener, Stream, dgram, tcp};

fn listener() -> (Listener, String) {
    let listener = tcp::listen(Some("127.0.0.1"), "0", "").unwrap();
    let port = listener.local().unwrap().port().unwrap();
    assert_ne!(port, 0);
    (listener, port.to_string())
}

fn both() -> (Stream, Stream) {
    let (listener, port) = listener();
    let client = tcp::connect(Some("127.0.0.1"), &port, "", Deadline::NEVER).unwrap();
    let server = listener.accept(Deadline::after_ms(5000)).unwrap();
    assert_eq!(server.peer().unwrap(), client.local().unwrap());
    assert_eq!(client.peer().unwrap(), server.local().unwrap());
    (client, server)
}

#[test]
fn a_conversation() {
    let (mut client, mut server) = both();
    client.write(b"early\r\n").unwrap();
    assert_eq!(server.readline().unwrap(), Some(&b"early\r\n"[..]));
    server.write(b"answer\n").unwrap();
    assert_eq!(client.readline().unwrap(), Some(&b"answer\n"[..]));
    // Half-close: we end, the peer still answers.
    client.shutdown_half(Half::Write).unwrap();
    assert_eq!(server.readline().unwrap(), None);
    server.write(b"late").unwrap();
    server.close().unwrap();
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).unwrap();
    assert_eq!(rest, b"late");
    assert_eq!(client.write(b"x").unwrap_err().errno(), libc::EPIPE);
    // Both halves at once, also when the peer was the first to end.
    let (mut client, mut server) = both();
    client.shutdown_half(Half::Write).unwrap();
    assert_eq!(server.readline().unwrap(), None);
    server.shutdown_half(Half::Both).unwrap();
    assert_eq!(client.readline().unwrap(), None);
}

#[test]
fn reset_and_end_are_told_apart() {
    let (mut client, mut server) = both();
    client.write(b"unread").unwrap();
    assert_eq!(server.read_full(&mut [0; 6]).unwrap(), 6);
    // What the server has not read makes its close a reset.
    let (mut other, one) = both();
    other.write(b"unread").unwrap();
    assert!(common::eventually(|| {
        let mut pending = 0;
        // SAFETY: an out-pointer.
        unsafe { libc::ioctl(one.as_fd().as_raw_fd(), libc::FIONREAD, &mut pending) };
        pending == 6
    }));
    drop(one);
    assert_eq!(other.read(&mut [0; 9]).unwrap_err().errno(), libc::ECONNRESET);
    assert_eq!(other.read(&mut [0; 9]).unwrap(), 0);
    // Read to its end, closing is an end.
    drop(server);
    assert_eq!(client.read(&mut [0; 9]).unwrap(), 0);
    // linger 0 resets in any case.
    let (mut client, mut server) = both();
    server.set_option("linger", 0).unwrap();
    drop(server);
    assert_eq!(client.read(&mut [0; 9]).unwrap_err().errno(), libc::ECONNRESET);
}

#[test]
fn refused_in_use_and_timed_out() {
    let (listener, port) = listener();
    let error = tcp::listen(Some("127.0.0.1"), &port, "").unwrap_err();
    assert_eq!((error.step(), error.errno()), ("bind", libc::EADDRINUSE));
    assert_eq!(error.path(), format!("127.0.0.1:{port}"));
    drop(listener);
    for deadline in [Deadline::NEVER, Deadline::after_ms(5000)] {
        let error = tcp::connect(Some("127.0.0.1"), &port, "", deadline).unwrap_err();
        assert_eq!(error.to_string(), format!("connect 127.0.0.1:{port}: Connection refused"));
    }
    // A full queue answers nobody.
    let full = tcp::listen(Some("127.0.0.1"), "0", "backlog=0").unwrap();
    let port = full.local().unwrap().port().unwrap().to_string();
    let mut kept = Vec::new();
    let begin = Instant::now();
    let error = loop {
        match tcp::connect(Some("127.0.0.1"), &port, "", Deadline::after_ms(300)) {
            Ok(stream) => kept.push(stream),
            Err(error) => break error,
        }
    };
    assert!(error.is_timeout() && kept.len() < 8, "{error}");
    assert!(begin.elapsed() < Duration::from_secs(15));
    let begin = Instant::now();
    let (listener, _) = self::listener();
    assert!(listener.accept(Deadline::after_ms(50)).unwrap_err().is_timeout());
    assert!(listener.accept(Deadline::NOW).unwrap_err().is_timeout());
    assert!(begin.elapsed() >= Duration::from_millis(50) && begin.elapsed() < Duration::from_secs(15));
}

#[test]
fn names_and_dual_stack() {
    let listener = tcp::listen(None, "0", "").unwrap();
    let port = listener.local().unwrap().port().unwrap().to_string();
    let client = tcp::connect(Some("localhost"), &port, "", Deadline::after_ms(5000)).unwrap();
    let server = listener.accept(Deadline::after_ms(5000)).unwrap();
    assert_eq!(client.local().unwrap(), server.peer().unwrap());
    // IPv4 on the socket for both shows as IPv4.
    let client = tcp::connect(Some("127.0.0.1"), &port, "", Deadline::NEVER).unwrap();
    let server = listener.accept(Deadline::after_ms(5000)).unwrap();
    assert_eq!(server.peer().unwrap(), client.local().unwrap());
    // ::1 refuses, 127.0.0.1 answers: the next address is tried.
    let (four, port) = self::listener();
    tcp::connect(None, &port, "", Deadline::after_ms(5000)).unwrap();
    four.accept(Deadline::after_ms(5000)).unwrap();
    tcp::connect(None, &port, "", Deadline::NEVER).unwrap();
    let error = tcp::connect(Some("127.0.0.1"), "nosuchsvc", "", Deadline::NEVER).unwrap_err();
    assert!(matches!(error, Error::Lookup { step: "service", .. }), "{error}");
    let error = tcp::connect(Some("127.0.0.1"), &port, "v6only", Deadline::NEVER).unwrap_err();
    assert_eq!(error.errno(), libc::EADDRNOTAVAIL);
}

#[test]
fn one_family_or_the_other() {
    let both = "v4only,v6only";
    for error in [
        tcp::listen(None, "0", both).unwrap_err(),
        dgram::udp(None, "0", both).unwrap_err(),
        tcp::connect(None, "1", both, Deadline::NEVER).unwrap_err(),
        tcp::connect(None, "1", "v6only,v4only", Deadline::NEVER).unwrap_err(),
    ] {
        assert!(matches!(error, Error::Invalid { .. }), "{error}");
    }
    // With a value, as all other words.
    let four = tcp::listen(None, "0", "v4only=1,v6only=0").unwrap();
    assert!(four.local().unwrap().ip().unwrap().is_ipv4());
    let port = four.local().unwrap().port().unwrap().to_string();
    tcp::connect(None, &port, "v4only=1,v6only=0", Deadline::NEVER).unwrap();
    let error = tcp::connect(None, &port, "v6only=1", Deadline::NEVER).unwrap_err();
    assert_eq!(error.errno(), libc::ECONNREFUSED);
    let error = tcp::connect(None, &port, "v4only=2", Deadline::NEVER).unwrap_err();
    assert_eq!(error.to_string(), "option: v4only is 1 or 0, not 2");
}

/// An IPv4 address in IPv6's clothes is IPv4, wherever one is named.
#[test]
fn mapped_addresses() {
    const MAPPED: &str = "::ffff:127.0.0.1";
    let listener = tcp::listen(Some(MAPPED), "0", "").unwrap();
    let local = listener.local().unwrap();
    assert_eq!(local.ip(), Some(Ipv4Addr::LOCALHOST.into()));
    let port = local.port().unwrap().to_string();
    for options in ["", "from=::ffff:127.0.0.1", "from=[::ffff:127.0.0.1]:0,v4only"] {
        let client = tcp::connect(Some(MAPPED), &port, options, Deadline::NEVER).unwrap();
        assert_eq!(client.peer().unwrap(), local, "{options}");
    }
    let error = tcp::listen(Some(MAPPED), "0", "v6only").unwrap_err();
    assert_eq!(error.errno(), libc::EADDRNOTAVAIL);
    let one = dgram::udp(Some(MAPPED), "0", "").unwrap();
    let other = dgram::udp(None, "0", "v4only").unwrap();
    let to = format!("[{MAPPED}]:{}", one.local().unwrap().port().unwrap()).parse().unwrap();
    other.send(b"x", Some(&to), Deadline::NEVER).unwrap();
    other.connect(&to, Deadline::NEVER).unwrap();
    assert_eq!(other.peer().unwrap(), one.local().unwrap());
    assert_eq!(one.recv(&mut [0; 9], Deadline::after_ms(5000)).unwrap().len, 1);
}

#[test]
fn options_by_name() {
    let (mut client, server) = both();
    assert_eq!((client.option("nodelay").unwrap(), server.option("nodelay").unwrap()), (1, 1));
    client.set_option("nodelay", 0).unwrap();
    assert_eq!(client.option("nodelay").unwrap(), 0);
    for (name, value) in [("keepalive", 1), ("keepidle", 33), ("linger", 7), ("user_timeout", 1234)] {
        client.set_option(name, value).unwrap();
        assert_eq!(client.option(name).unwrap(), value, "{name}");
    }
    client.set_option("linger", -1).unwrap();
    assert_eq!(client.option("linger").unwrap(), -1);
    client.set_option("rcvbuf", 8192).unwrap();
    assert_eq!(client.option("rcvbuf").unwrap(), 16384);
    assert_eq!(client.option("error").unwrap(), 0);
    assert!(matches!(client.set_option("nodelay", 2), Err(Error::Invalid { .. })));
    assert!(matches!(client.set_option("nosuch", 1), Err(Error::Invalid { .. })));
    assert!(matches!(client.set_option("error", 1), Err(Error::Invalid { .. })));
    let (listener, port) = listener();
    let client = tcp::connect(Some("127.0.0.1"), &port, "from=127.0.0.2,keepalive,nodelay=0", Deadline::NEVER).unwrap();
    assert_eq!(client.local().unwrap().ip().unwrap().to_string(), "127.0.0.2");
    assert_eq!((client.option("keepalive").unwrap(), client.option("nodelay").unwrap()), (1, 0));
    assert_eq!(listener.accept(Deadline::after_ms(5000)).unwrap().peer().unwrap(), client.local().unwrap());
    for bad in ["nosuch", "from=here", "nodelay=x", "error"] {
        let error = tcp::connect(Some("127.0.0.1"), &port, bad, Deadline::NEVER).unwrap_err();
        assert!(matches!(error, Error::Invalid { .. }), "{bad}: {error}");
    }
    let one = tcp::listen(Some("127.0.0.1"), "0", "reuseport").unwrap();
    let port = one.local().unwrap().port().unwrap().to_string();
    tcp::listen(Some("127.0.0.1"), &port, "reuseport").unwrap();
}

#[test]
fn urgent_data() {
    let (mut client, mut server) = both();
    client.write(b"abc").unwrap();
    tcp::send_urgent(&mut client, b'!').unwrap();
    client.write(b"def").unwrap();
    let mut room = [0; 10];
    assert_eq!(server.read_full(&mut room[..3]).unwrap(), 3);
    assert_eq!(&room[..3], b"abc");
    assert!(common::eventually(|| tcp::at_mark(&server).unwrap()));
    assert_eq!(tcp::recv_urgent(&server).unwrap(), b'!');
    assert_eq!(server.read_full(&mut room[..3]).unwrap(), 3);
    assert_eq!(&room[..3], b"def");
    assert!(!tcp::at_mark(&server).unwrap());
    assert_eq!(tcp::recv_urgent(&server).unwrap_err().errno(), libc::EINVAL);
}

/// The urgent byte waits for room as all others do: no longer than the stream may, and not when that was cancelled.
#[test]
fn urgent_data_without_room() {
    let full = |stream: &Stream| {
        let data = [0u8; 4096];
        // SAFETY: data with its length.
        while unsafe {
            libc::send(stream.as_fd().as_raw_fd(), data.as_ptr().cast(), data.len(), libc::MSG_DONTWAIT) > 0
        } {}
    };
    // What is refused once may have room a moment later, when the last of it was acknowledged.
    let refused = move |mut client: Stream| {
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let error = loop {
                full(&client);
                if let Err(error) = tcp::send_urgent(&mut client, b'!') {
                    break error;
                }
            };
            tell.send(error).unwrap();
        });
        told.recv_timeout(Duration::from_secs(20)).unwrap()
    };
    let (mut client, _server) = both();
    client.timeout(Some(Duration::from_millis(50)));
    assert!(refused(client).is_timeout());
    let (client, _server) = both();
    client.canceler().cancel();
    assert!(matches!(refused(client), Error::Canceled { .. }));
}

/// What a slow reader does not take in time stays in the writer's stream, and nothing is lost or sent twice.
#[test]
fn a_slow_reader() {
    let (mut client, mut server) = both();
    client.set_option("sndbuf", 8192).unwrap();
    client.timeout(Some(Duration::from_millis(20)));
    let data: Vec<u8> = (0..1_500_000u32).map(|i| (i / 5) as u8).collect();
    let mut written = client.write(&data);
    server.timeout(Some(Duration::from_millis(20)));
    let (mut all, mut timeouts) = (Vec::new(), 0);
    let mut room = [0; 100_000];
    while let Err(error) = written {
        assert!(error.is_timeout(), "{error}");
        timeouts += 1;
        match server.read(&mut room) {
            Ok(n) => all.extend_from_slice(&room[..n]),
            // All that was sent is here, and only its acknowledgement is late.
            Err(error) => assert!(error.is_timeout(), "{error}"),
        }
        written = client.flush();
    }
    client.close().unwrap();
    server.timeout(Some(Duration::from_secs(20)));
    server.read_to_end(&mut all).unwrap();
    assert!(timeouts > 3 && all == data, "{timeouts} timeouts, {} bytes", all.len());
}

#[test]
fn cancelled_from_another_thread() {
    let (listener, _) = listener();
    let canceler = listener.canceler();
    let waits = std::thread::spawn(move || listener.accept(Deadline::NEVER).map(drop));
    canceler.cancel();
    assert!(matches!(waits.join().unwrap(), Err(Error::Canceled { .. })));
}

#[test]
fn perl_at_the_other_end() {
    // Their server, our client.
    let program = "use Socket; $|=1; socket S,PF_INET,SOCK_STREAM,0; bind S,sockaddr_in(0,INADDR_LOOPBACK); listen S,5;
        print((sockaddr_in(getsockname S))[0],qq(\n)); accept C,S; $l=<C>; syswrite C,qq(served $l); close C;";
    let mut perl = Command::new("perl").args(["-e", program]).stdout(Stdio::piped()).spawn().unwrap();
    let mut port = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(perl.stdout.as_mut().unwrap()), &mut port).unwrap();
    let mut client = tcp::connect(Some("127.0.0.1"), port.trim(), "", Deadline::after_ms(5000)).unwrap();
    client.write(b"req\n").unwrap();
    assert_eq!(client.readline().unwrap(), Some(&b"served req\n"[..]));
    assert_eq!(client.readline().unwrap(), None);
    assert!(perl.wait().unwrap().success());
    // Our server, their client, and nc and socat.
    let (listener, port) = listener();
    let perl = format!(
        "use Socket; socket S,PF_INET,SOCK_STREAM,0; connect S,sockaddr_in({port},INADDR_LOOPBACK) or die;
         print while <S>"
    );
    let mut clients = vec![("perl", vec!["-e".to_owned(), perl])];
    for (tool, args) in [
        ("nc", vec!["127.0.0.1".to_owned(), port.clone()]),
        ("socat", vec!["-u".to_owned(), format!("TCP:127.0.0.1:{port}"), "-".to_owned()]),
    ] {
        if Command::new("sh").args(["-c", &format!("command -v {tool}")]).output().unwrap().status.success() {
            clients.push((tool, args));
        } else {
            common::skipped(tool, "not installed");
        }
    }
    for (tool, args) in clients {
        let mut peer = Command::new(tool).args(&args).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut stream = listener.accept(Deadline::after_ms(5000)).unwrap();
        stream.write(b"Hello there\n").unwrap();
        stream.close().unwrap();
        let mut said = String::new();
        peer.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(said, "Hello there\n", "{tool}");
        let _ = peer.wait();
    }
}

#[test]
fn nothing_leaks() {
    let said = common::run("leak_scenario");
    assert_eq!(said, "clean\n");
}

fn leak_scenario() {
    let before = common::Hygiene::look();
    for deadline in [Deadline::NEVER, Deadline::after_ms(5000)] {
        let (mut client, mut server) = both();
        client.write(b"x\n").unwrap();
        server.readline().unwrap();
        assert_eq!(tcp::connect(Some("127.0.0.1"), "1", "", deadline).unwrap_err().errno(), libc::ECONNREFUSED);
    }
    common::Hygiene::look().is_as(&before, "sockets");
    // A gone peer is an error and no signal, with the default disposition.
    let (mut client, server) = both();
    drop(server);
    assert!(common::eventually(|| client.write(b"x").is_err_and(|error| error.errno() == libc::EPIPE)));
    println!("clean");
}

common::scenarios!(leak_scenario);
