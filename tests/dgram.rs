//! UDP and Unix datagrams, from a user's side.

mod common;

use std::net::{IpAddr, Ipv4Addr};
use std::process::Command;
use std::time::{Duration, Instant};

use perlipc::{Addr, Batch, Deadline, Dgram, Error, dgram};

const SOON: i32 = 5000;

fn here() -> (Dgram, Addr) {
    let dgram = dgram::udp(Some("127.0.0.1"), "0", "").unwrap();
    let addr = dgram.local().unwrap();
    (dgram, addr)
}

#[test]
fn messages_and_who_sent_them() {
    let (one, one_addr) = here();
    let (other, other_addr) = here();
    one.send(b"hello", Some(&other_addr), Deadline::NEVER).unwrap();
    let mut room = [0; 100];
    let got = other.peek(&mut room, Deadline::after_ms(SOON)).unwrap();
    assert_eq!((got.len, &got.from), (5, &one_addr));
    assert_eq!(other.recv(&mut room, Deadline::after_ms(SOON)).unwrap(), got);
    // An empty one is a message; a cut one tells its true length.
    one.send(b"", Some(&other_addr), Deadline::NEVER).unwrap();
    one.send(&[7; 1000], Some(&other_addr), Deadline::NEVER).unwrap();
    assert_eq!(other.recv(&mut room, Deadline::after_ms(SOON)).unwrap().len, 0);
    assert_eq!(other.recv(&mut room[..10], Deadline::after_ms(SOON)).unwrap().len, 1000);
    assert_eq!(&room[..11], &[&[7; 10][..], &[0]].concat());
    assert!(other.recv(&mut room, Deadline::NOW).unwrap_err().is_timeout());
    let error = one.send(&vec![0; 65508], Some(&other_addr), Deadline::NEVER).unwrap_err();
    assert_eq!(error.errno(), libc::EMSGSIZE);
    one.send(&vec![0; 65507], Some(&other_addr), Deadline::NEVER).unwrap();
    assert_eq!(other.recv(&mut room, Deadline::after_ms(SOON)).unwrap().len, 65507);
    assert_eq!(one.send(b"x", None, Deadline::NEVER).unwrap_err().errno(), libc::EDESTADDRREQ);
    // Of another family: short, and so too short for the kernel to look at that.
    let path = Addr::unix("/x");
    assert_eq!(one.send(b"x", Some(&path), Deadline::NEVER).unwrap_err().errno(), libc::EAFNOSUPPORT);
    assert_eq!(one.connect(&path, Deadline::NEVER).unwrap_err().errno(), libc::EAFNOSUPPORT);
    let begin = Instant::now();
    assert!(other.recv(&mut room, Deadline::after_ms(50)).unwrap_err().is_timeout());
    assert!(begin.elapsed() >= Duration::from_millis(50));
}

#[test]
fn connected() {
    let (one, one_addr) = here();
    let (other, other_addr) = here();
    one.connect(&other_addr, Deadline::NEVER).unwrap();
    assert_eq!(one.peer().unwrap(), other_addr);
    one.send(b"x", None, Deadline::NEVER).unwrap();
    assert_eq!(other.recv(&mut [0; 9], Deadline::after_ms(SOON)).unwrap().from, one_addr);
    drop(other);
    one.send(b"into the void", None, Deadline::NEVER).unwrap();
    let error = one.recv(&mut [0; 9], Deadline::after_ms(SOON)).unwrap_err();
    assert_eq!(error.errno(), libc::ECONNREFUSED);
}

#[test]
fn both_families_on_one_socket() {
    let any = dgram::udp(None, "0", "").unwrap();
    let (four, four_addr) = here();
    let port = any.local().unwrap().port().unwrap();
    four.send(b"x", Some(&format!("127.0.0.1:{port}").parse().unwrap()), Deadline::NEVER).unwrap();
    let got = any.recv(&mut [0; 9], Deadline::after_ms(SOON)).unwrap();
    assert_eq!(got.from, four_addr);
    any.send(b"back", Some(&got.from), Deadline::NEVER).unwrap();
    assert_eq!(four.recv(&mut [0; 9], Deadline::after_ms(SOON)).unwrap().len, 4);
    let only = dgram::udp(None, "0", "v4only=1").unwrap();
    assert!(only.local().unwrap().ip().unwrap().is_ipv4());
    only.connect_host("localhost", "time", Deadline::after_ms(SOON)).unwrap();
    assert_eq!(only.peer().unwrap().to_string(), "127.0.0.1:37");
}

#[test]
fn batches() {
    // What has room for none does not get one.
    assert!(
        matches!(Batch::new(0, 9), Err(Error::Invalid { .. }))
            && matches!(Batch::new(9, 0), Err(Error::Invalid { .. }))
    );
    let (one, one_addr) = here();
    let (other, other_addr) = here();
    let data: Vec<Vec<u8>> = (0..50u8).map(|i| vec![i; usize::from(i)]).collect();
    let messages: Vec<(&[u8], Option<&Addr>)> = data.iter().map(|data| (data.as_slice(), Some(&other_addr))).collect();
    assert_eq!(one.send_batch(&messages, Deadline::NEVER).unwrap(), 50);
    assert_eq!(one.send_batch(&[], Deadline::NEVER).unwrap(), 0);
    let mut batch = Batch::new(16, 32).unwrap();
    let mut seen = 0;
    while seen < 50 {
        let n = other.recv_batch(&mut batch, Deadline::after_ms(SOON)).unwrap();
        assert!(n <= 16 && n == batch.len());
        for i in 0..n {
            let (bytes, got) = batch.get(i).unwrap();
            assert_eq!((got.len, &got.from), (data[seen].len(), &one_addr));
            assert_eq!(bytes, &data[seen][..got.len.min(32)]);
            seen += 1;
        }
        assert!(batch.get(n).is_none());
    }
    assert!(other.recv_batch(&mut batch, Deadline::NOW).unwrap_err().is_timeout());
    assert!(batch.is_empty());
}

#[test]
fn broadcast_and_multicast() {
    let (one, _) = here();
    let everybody: Addr = "255.255.255.255:9".parse().unwrap();
    assert_eq!(one.send(b"x", Some(&everybody), Deadline::NEVER).unwrap_err().errno(), libc::EACCES);
    one.set_option("broadcast", 1).unwrap();
    assert_eq!(one.option("broadcast").unwrap(), 1);
    let group = IpAddr::V4(Ipv4Addr::new(239, 255, 77, 77));
    let receiver = dgram::udp(None, "0", "v4only").unwrap();
    receiver.join(group, Some("lo")).unwrap();
    let port = receiver.local().unwrap().port().unwrap();
    let sender = dgram::udp(Some("127.0.0.1"), "0", "").unwrap();
    sender.multicast(Some(1), Some(true), Some("lo")).unwrap();
    let to = Addr::Inet((group, port).into());
    sender.send(b"all", Some(&to), Deadline::NEVER).unwrap();
    assert_eq!(receiver.recv(&mut [0; 9], Deadline::after_ms(SOON)).unwrap().len, 3);
    receiver.leave(group, Some("lo")).unwrap();
    assert_eq!(receiver.leave(group, Some("lo")).unwrap_err().errno(), libc::EADDRNOTAVAIL);
    assert_eq!(receiver.join(group, Some("nosuch0")).unwrap_err().errno(), libc::ENODEV);
    assert!(receiver.join(IpAddr::V4(Ipv4Addr::LOCALHOST), None).is_err());
}

/// An interface is there, however few descriptors are left.
#[test]
fn an_interface_without_descriptors() {
    assert_eq!(common::run("no_descriptors"), "Ok(())\n");
}

fn no_descriptors() {
    let socket = dgram::udp(None, "0", "v4only").unwrap();
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: room for two numbers, and numbers.
    unsafe {
        libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit);
        libc::setrlimit(libc::RLIMIT_NOFILE, &libc::rlimit { rlim_cur: 0, ..limit });
    }
    let answer = socket.multicast(None, None, Some("lo"));
    // SAFETY: numbers.
    unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) };
    println!("{answer:?}");
    assert!(matches!(socket.multicast(None, None, Some("lo\0")), Err(Error::Invalid { .. })));
    for name in ["nosuch0", "", "a-name-of-much-more-than-sixteen-bytes"] {
        assert_eq!(socket.multicast(None, None, Some(name)).unwrap_err().errno(), libc::ENODEV, "{name:?}");
    }
}

#[test]
fn unix_datagrams() {
    let dir = common::Dir::new("dgram");
    let path = dir.path("d");
    let server = dgram::unix(Some(path.as_bytes()), "").unwrap();
    assert_eq!(server.local().unwrap().to_string(), path);
    assert_eq!(dgram::unix(Some(path.as_bytes()), "").unwrap_err().errno(), libc::EADDRINUSE);
    let client = dgram::unix(None, "").unwrap();
    client.connect(&server.local().unwrap(), Deadline::NEVER).unwrap();
    client.send(b"boundaries", None, Deadline::NEVER).unwrap();
    client.send(b"", None, Deadline::NEVER).unwrap();
    let mut room = [0; 4];
    let got = server.recv(&mut room, Deadline::after_ms(SOON)).unwrap();
    assert_eq!((got.len, got.from), (10, Addr::Unnamed));
    assert_eq!(server.recv(&mut room, Deadline::after_ms(SOON)).unwrap().len, 0);
    // A full queue is waited for, until the deadline.
    let error = loop {
        if let Err(error) = client.send(&[0; 1000], None, Deadline::after_ms(30)) {
            break error;
        }
    };
    assert!(error.is_timeout(), "{error}");
    // A sender's name that has no slash can be answered; of an Internet socket it is a mistyped host.
    assert_eq!(client.addr("cli").unwrap(), Addr::Path(b"cli".to_vec()));
    assert_eq!(client.addr("@cli").unwrap(), Addr::Abstract(b"cli".to_vec()));
    assert!(client.addr("").is_err() && client.addr("a\0b").is_err() && here().0.addr("cli").is_err());
    let (one, other) = dgram::pair().unwrap();
    one.send(b"pair", None, Deadline::NEVER).unwrap();
    assert_eq!(other.recv(&mut [0; 9], Deadline::NEVER).unwrap().len, 4);
    drop(server);
    assert_eq!(std::fs::read_dir(&dir.0).unwrap().count(), 0);
}

/// What can be bound and connected to can be sent to: a path that is longer than the kernel's addresses are.
#[test]
fn long_names() {
    let dir = common::Dir::new("dgramlong");
    let deep = dir.path(&"d".repeat(120));
    std::fs::create_dir(&deep).unwrap();
    let path = format!("{deep}/s");
    let server = dgram::unix(Some(path.as_bytes()), "").unwrap();
    let client = dgram::unix(None, "").unwrap();
    let to = client.addr(&path).unwrap();
    let mut room = [0; 9];
    client.send(b"long", Some(&to), Deadline::NEVER).unwrap();
    assert_eq!(server.recv(&mut room, Deadline::NOW).unwrap().len, 4);
    client.connect(&to, Deadline::NEVER).unwrap();
    client.send(b"x", None, Deadline::NEVER).unwrap();
    assert_eq!(server.recv(&mut room, Deadline::NOW).unwrap().len, 1);
    // Each has its own, and many the same: none of them costs a descriptor of its own.
    let other = dgram::unix(Some(format!("{deep}/t").as_bytes()), "").unwrap();
    let to_other = other.local().unwrap();
    let mut messages: Vec<(&[u8], Option<&Addr>)> = vec![(b"ab", Some(&to)), (b"abc", Some(&to_other)), (b"", None)];
    assert_eq!(client.send_batch(&messages, Deadline::NEVER).unwrap(), 3);
    assert_eq!(server.recv(&mut room, Deadline::NOW).unwrap().len, 2);
    assert_eq!(other.recv(&mut room, Deadline::NOW).unwrap().len, 3);
    assert_eq!(server.recv(&mut room, Deadline::NOW).unwrap().len, 0);
    messages = vec![(b"ab", Some(&to)); 100_000];
    assert!(client.send_batch(&messages, Deadline::after_ms(20)).unwrap() > 0);
    let missing = client.addr(format!("{deep}/nobody")).unwrap();
    let error = client.send(b"x", Some(&missing), Deadline::NEVER).unwrap_err();
    assert_eq!((error.errno(), error.path().as_bytes()), (libc::ENOENT, &missing.text()[..]));
    let impossible = client.addr(format!("{deep}/{}", "n".repeat(108))).unwrap();
    assert_eq!(client.send(b"x", Some(&impossible), Deadline::NEVER).unwrap_err().errno(), libc::ENAMETOOLONG);
}

/// Whatever name a sender has, as text it is that name and no other.
#[test]
fn odd_names_come_back() {
    assert_eq!(common::run("odd_names"), "done\n");
}

fn odd_names() {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr, UnixDatagram};
    let dir = common::Dir::new("dgramodd");
    std::env::set_current_dir(&dir.0).unwrap();
    std::fs::create_dir("@d").unwrap();
    let server = dgram::unix(Some(b"./serv"), "").unwrap();
    let padded = format!("perlipc-{}\0\0", std::process::id());
    let name = SocketAddr::from_abstract_name(&padded).unwrap();
    for (theirs, text) in [
        (UnixDatagram::bind("@file").unwrap(), "./@file".to_owned()),
        (UnixDatagram::bind("@d/file").unwrap(), "./@d/file".to_owned()),
        (UnixDatagram::bind_addr(&name).unwrap(), format!("@{padded}")),
    ] {
        theirs.send_to(b"question", "serv").unwrap();
        let from = server.recv(&mut [0; 9], Deadline::NOW).unwrap().from;
        assert_eq!(String::from_utf8_lossy(&from.text()), text);
        for to in [server.addr(from.text()).unwrap(), Addr::parse(from.text()).unwrap()] {
            server.send(b"answer", Some(&to), Deadline::NEVER).unwrap();
            assert_eq!(theirs.recv(&mut [0; 9]).unwrap(), 6);
        }
    }
    std::env::set_current_dir("/").unwrap();
    println!("done");
}

/// A handler that gives the call up is heard also when a part went out: the next call would know nothing of it.
#[test]
fn a_batch_is_abandoned() {
    assert_eq!(common::run("abandoned_scenario"), "true 7\ntrue 7\n");
}

fn abandoned_scenario() {
    perlipc::signal::handle("USR1", |_| Err(7)).unwrap();
    for deadline in [Deadline::NEVER, Deadline::after_ms(20_000)] {
        let (one, other) = dgram::pair().unwrap();
        let messages: Vec<(&[u8], Option<&Addr>)> = vec![(b"x", None); 1000];
        let kill = format!("sleep 0.1; kill -USR1 {}", std::process::id());
        let mut killer = Command::new("sh").args(["-c", &kill]).spawn().unwrap();
        let answer = one.send_batch(&messages, deadline);
        let went = other.recv(&mut [0; 9], Deadline::NOW).is_ok();
        match answer {
            Err(Error::Abandoned { value, .. }) => println!("{went} {value}"),
            other => println!("{other:?}"),
        }
        assert!(killer.wait().unwrap().success());
    }
}

/// Poll knows nothing of the queue of somebody who is named with each message: it is waited for all the same, not watched
/// at full speed.
#[test]
fn a_full_queue_of_somebody_named() {
    let dir = common::Dir::new("dgramfull");
    let server = dgram::unix(Some(dir.path("d").as_bytes()), "").unwrap();
    let other = dgram::unix(Some(dir.path("e").as_bytes()), "").unwrap();
    let to = server.local().unwrap();
    let used = || {
        // SAFETY: an out-pointer.
        let usage = unsafe {
            let mut usage: libc::rusage = std::mem::zeroed();
            libc::getrusage(libc::RUSAGE_THREAD, &mut usage);
            usage
        };
        let time = |t: libc::timeval| Duration::from_micros(t.tv_sec as u64 * 1_000_000 + t.tv_usec as u64);
        time(usage.ru_utime) + time(usage.ru_stime)
    };
    for connected in [false, true] {
        let client = dgram::unix(None, "").unwrap();
        if connected {
            client.connect(&other.local().unwrap(), Deadline::NEVER).unwrap();
        }
        while client.send(b"x", Some(&to), Deadline::NOW).is_ok() {}
        let (begin, before) = (Instant::now(), used());
        let error = client.send(b"x", Some(&to), Deadline::after_ms(300)).unwrap_err();
        assert!(error.is_timeout() && begin.elapsed() >= Duration::from_millis(300), "{error}");
        let error = client.send_batch(&[(b"x", Some(&to))], Deadline::after_ms(300)).unwrap_err();
        assert!(error.is_timeout(), "{error}");
        let cpu = used() - before;
        assert!(cpu < Duration::from_millis(200), "{cpu:?} of 600 ms");
        std::thread::scope(|scope| {
            let sends = scope.spawn(|| client.send(b"x", Some(&to), Deadline::NEVER));
            server.recv(&mut [0; 9], Deadline::after_ms(SOON)).unwrap();
            sends.join().unwrap().unwrap();
            let sends = scope.spawn(|| client.send(b"x", Some(&to), Deadline::NEVER));
            client.canceler().cancel();
            assert!(matches!(sends.join().unwrap(), Err(Error::Canceled { .. })));
        });
    }
}

#[test]
fn cancelled_from_another_thread() {
    let (dgram, _) = here();
    let canceler = dgram.canceler();
    let waits = std::thread::spawn(move || dgram.recv(&mut [0; 9], Deadline::NEVER));
    canceler.cancel();
    assert!(matches!(waits.join().unwrap(), Err(Error::Canceled { .. })));
}

/// Also what need not wait ends, or who reads from somebody that never stops would never stop either.
#[test]
fn cancelled_while_there_is_something() {
    let (one, other) = dgram::pair().unwrap();
    one.send(b"x", None, Deadline::NOW).unwrap();
    other.canceler().cancel();
    for deadline in [Deadline::NOW, Deadline::after_ms(SOON), Deadline::NEVER] {
        let canceled = |result: Result<(), Error>| assert!(matches!(result, Err(Error::Canceled { .. })), "{result:?}");
        canceled(other.recv(&mut [0; 9], deadline).map(drop));
        canceled(other.peek(&mut [0; 9], deadline).map(drop));
        canceled(other.send(b"x", None, deadline));
        canceled(other.send_batch(&[(b"x", None)], deadline).map(drop));
        canceled(other.recv_batch(&mut Batch::new(1, 9).unwrap(), deadline).map(drop));
    }
}

/// Starts a shell's line, if its tool is there; who hangs ends by itself.
fn somebody(tool: &str, line: &str) -> Option<std::process::Child> {
    if !common::has_args("sh", &["-c", &format!("command -v {tool}")]) {
        common::skipped(tool, "not installed");
        return None;
    }
    Some(Command::new("sh").args(["-c", line]).stdout(std::process::Stdio::piped()).spawn().unwrap())
}

/// Somebody asks our server and prints its answer.
fn asked_by(tool: &str, line: &str, server: &Dgram) {
    let Some(client) = somebody(tool, line) else { return };
    let mut room = [0; 99];
    let got = server.recv(&mut room, Deadline::after_ms(SOON)).unwrap();
    assert_eq!(&room[..got.len], b"hello\n", "{tool}");
    server.send(b"back\n", Some(&got.from), Deadline::NEVER).unwrap();
    // What comes behind the end of its input socat takes for half a second more.
    assert_eq!(client.wait_with_output().unwrap().stdout, b"back\n", "{line}");
}

/// Our client asks somebody, as often as it takes until the other is there.
fn asks(tool: &str, line: &str, client: &Dgram, to: &Addr) {
    let Some(mut server) = somebody(tool, line) else { return };
    let mut room = [0; 99];
    let answered = common::eventually(|| {
        let _ = client.send(b"hello\n", Some(to), Deadline::after_ms(SOON));
        client.recv(&mut room, Deadline::after_ms(100)).is_ok_and(|got| got.len == 5)
    });
    assert!(answered && room.starts_with(b"back\n"), "{line}");
    // nc would wait for more.
    let _ = server.kill();
    server.wait().unwrap();
}

/// Messages from those who speak to anybody, and to them.
#[test]
fn perl_nc_and_socat() {
    let (server, addr) = here();
    let port = addr.port().unwrap();
    let perl = "use Socket; socket S,PF_INET,SOCK_DGRAM,0; send S,qq(hello\\n),0,sockaddr_in($ARGV[0],INADDR_LOOPBACK);
        alarm 10; recv S,$b,9,0; print $b";
    asked_by("perl", &format!("exec perl -e '{perl}' {port}"), &server);
    asked_by("nc", &format!("echo hello | timeout 10 nc -u -N -W 1 127.0.0.1 {port}"), &server);
    asked_by("socat", &format!("echo hello | timeout 10 socat -t0.5 - UDP:127.0.0.1:{port}"), &server);
    // The port was free a moment ago.
    for (tool, line) in [
        ("nc", "echo back | exec timeout 10 nc -u -l 127.0.0.1 PORT"),
        ("socat", "exec timeout 10 socat UDP-RECVFROM:PORT,bind=127.0.0.1 'SYSTEM:read l; echo back'"),
    ] {
        let (free, to) = here();
        let line = line.replace("PORT", &to.port().unwrap().to_string());
        drop(free);
        asks(tool, &line, &here().0, &to);
    }
}

#[test]
fn perl_nc_and_socat_by_unix_datagrams() {
    let dir = common::Dir::new("dgramothers");
    let path = dir.path("ours");
    let server = dgram::unix(Some(path.as_bytes()), "").unwrap();
    let perl = "use Socket; socket S,PF_UNIX,SOCK_DGRAM,0; bind S,sockaddr_un($ARGV[0]) or die; alarm 10;";
    let theirs = dir.path("perl");
    let line = "send S,qq(hello\\n),0,sockaddr_un($ARGV[1]); recv S,$b,9,0; print $b";
    asked_by("perl", &format!("exec perl -e '{perl} {line}' {theirs} {path}"), &server);
    asked_by("nc", &format!("echo hello | timeout 10 nc -uU -N -W 1 {path}"), &server);
    let theirs = dir.path("socat");
    asked_by("socat", &format!("echo hello | timeout 10 socat -t0.5 - UNIX-SENDTO:{path},bind={theirs}"), &server);
    for (tool, line) in [
        ("perl", format!("exec perl -e '{perl} $f=recv S,$b,9,0; send S,qq(back\\n),0,$f' PATH")),
        ("nc", "echo back | exec timeout 10 nc -luU PATH".to_owned()),
        ("socat", "exec timeout 10 socat UNIX-RECVFROM:PATH 'SYSTEM:read l; echo back'".to_owned()),
    ] {
        let theirs = dir.path(&format!("{tool}-serves"));
        let client = dgram::unix(Some(dir.path(&format!("asks-{tool}")).as_bytes()), "").unwrap();
        asks(tool, &line.replace("PATH", &theirs), &client, &Addr::unix(&theirs));
    }
}

/// The manual's exchange with many hosts, two of which answer.
#[test]
fn perls_time_servers() {
    let program = "use Socket; $|=1; socket S,PF_INET,SOCK_DGRAM,0; bind S,sockaddr_in(0,INADDR_LOOPBACK);
        print((sockaddr_in(getsockname S))[0],qq(\\n)); exit if @ARGV; $f=recv S,$b,9,0; send S,pack('N',2208988800+100),0,$f;";
    let mut servers = Vec::new();
    let (silent, silent_addr) = here();
    let mut hosts = vec![silent_addr];
    for _ in 0..2 {
        let mut perl = Command::new("perl").args(["-e", program]).stdout(std::process::Stdio::piped()).spawn().unwrap();
        let mut port = String::new();
        let mut out = std::io::BufReader::new(perl.stdout.take().unwrap());
        std::io::BufRead::read_line(&mut out, &mut port).unwrap();
        hosts.push(format!("127.0.0.1:{}", port.trim()).parse().unwrap());
        servers.push((perl, out));
    }
    let (asks, _) = here();
    for host in &hosts {
        asks.send(b"0", Some(host), Deadline::NEVER).unwrap();
    }
    let mut unanswered = hosts.len();
    let mut room = [0; 4];
    while unanswered > 1 {
        let got = asks.recv(&mut room, Deadline::after_ms(SOON)).unwrap();
        assert!(hosts.contains(&got.from));
        assert_eq!((got.len, u32::from_be_bytes(room)), (4, 2_208_988_900));
        unanswered -= 1;
    }
    assert!(asks.recv(&mut room, Deadline::after_ms(50)).unwrap_err().is_timeout());
    drop(silent);
    for (mut perl, _) in servers {
        assert!(perl.wait().unwrap().success());
    }
}

common::scenarios!(abandoned_scenario, no_descriptors, odd_names);
