//! Sockets over a network that loses packets, and peers that vanish without a word: in a network namespace whose loopback
//! is made so.

mod common;

use std::process::Command;
use std::time::{Duration, Instant};

use perlipc::{Addr, Batch, Cmd, Deadline, Dgram, Listener, Server, Stream, dgram, tcp};

const UP: &str = "ip link set lo mtu 1500 up";

/// The first of these words for tc that this kernel knows.
fn known<'a>(scenario: &str, qdiscs: &[&'a str]) -> Option<&'a str> {
    let works = |qdisc: &&&str| {
        common::has_args("unshare", &["-rn", "sh", "-c", &format!("{UP} && tc qdisc add dev lo root {qdisc}")])
    };
    let found = qdiscs.iter().find(works).copied();
    if found.is_none() {
        common::skipped(scenario, "no unshare, ip and tc that may make such a network");
    }
    found
}

/// Runs a scenario in a network of its own, after that command.
fn run_in_network(scenario: &str, command: &str) {
    let mut unshare = Command::new("unshare");
    unshare.args(["-rn", "sh", "-c", &format!("{UP} && {command} && exec \"$0\"")]);
    unshare.arg(std::env::current_exe().unwrap()).env(common::SCENARIO, scenario);
    let said = common::finish(scenario, unshare.output().unwrap());
    common::say(&format!("{scenario} ({command}): {}", said.trim()));
}

fn both() -> (Listener, Stream, Stream) {
    let listener = tcp::listen(Some("127.0.0.1"), "0", "").unwrap();
    let port = listener.local().unwrap().port().unwrap().to_string();
    let client = tcp::connect(Some("127.0.0.1"), &port, "", Deadline::after_ms(60_000)).unwrap();
    let server = listener.accept(Deadline::after_ms(60_000)).unwrap();
    (listener, client, server)
}

/// How many segments the kernel had to send again.
fn sent_again() -> u64 {
    let text = std::fs::read_to_string("/proc/net/snmp").unwrap();
    let mut rows = text.lines().filter(|line| line.starts_with("Tcp:")).map(|line| line.split(' '));
    let (names, values) = (rows.next().unwrap(), rows.next().unwrap());
    names.zip(values).find(|(name, _)| *name == "RetransSegs").unwrap().1.parse().unwrap()
}

fn lossy() {
    // A stream arrives whole.
    let (_listener, mut client, mut server) = both();
    let data: Vec<u8> = (0..300_000u32).map(|i| (i / 7) as u8).collect();
    let echo = std::thread::spawn(move || {
        server.timeout(Some(Duration::from_secs(60)));
        let mut room = [0; 5000];
        loop {
            match server.read(&mut room).unwrap() {
                0 => return,
                n => server.write(&room[..n]).unwrap(),
            }
        }
    });
    client.timeout(Some(Duration::from_secs(60)));
    let mut back = Vec::new();
    for piece in data.chunks(30_000) {
        client.write(piece).unwrap();
        let mut room = vec![0; piece.len()];
        assert_eq!(client.read_full(&mut room).unwrap(), piece.len());
        back.extend_from_slice(&room);
    }
    assert!(back == data);
    client.close().unwrap();
    echo.join().unwrap();
    let again = sent_again();
    assert!(again > 0, "nothing was lost");
    // Of datagrams some do not arrive, and the others are whole.
    let one = dgram::udp(Some("127.0.0.1"), "0", "").unwrap();
    let other: Dgram = dgram::udp(Some("127.0.0.1"), "0", "rcvbuf=1000000").unwrap();
    let to: Addr = other.local().unwrap();
    let messages: Vec<Vec<u8>> = (0..200u8).map(|i| vec![i; 1000 + usize::from(i)]).collect();
    let batch: Vec<(&[u8], Option<&Addr>)> = messages.iter().map(|data| (data.as_slice(), Some(&to))).collect();
    assert_eq!(one.send_batch(&batch, Deadline::NEVER).unwrap(), 200);
    let (mut came, mut room) = (0, Batch::new(32, 2000).unwrap());
    while let Ok(n) = other.recv_batch(&mut room, Deadline::after_ms(200)) {
        for i in 0..n {
            let (data, got) = room.get(i).unwrap();
            assert_eq!((data, got.len), (messages[usize::from(data[0])].as_slice(), data.len()));
        }
        came += n;
    }
    assert!(came > 0 && came < 200, "{came} of 200");
    println!("{again} segments sent again, {came} of 200 datagrams");
}

#[test]
fn a_network_that_loses_packets() {
    if let Some(qdisc) = known("lossy", &["netem loss 10% delay 1ms", "tbf rate 50mbit burst 2k limit 4k"]) {
        run_in_network("lossy", &format!("tc qdisc add dev lo root {qdisc}"));
    }
}

/// From now on nothing arrives, and nobody is told.
fn silence() {
    assert!(common::has_args("tc", &["qdisc", "add", "dev", "lo", "root", "blackhole"]));
}

fn within(what: &str, ms: u64, call: impl FnOnce()) {
    let begin = Instant::now();
    call();
    let took = begin.elapsed();
    assert!(took >= Duration::from_millis(ms) && took < Duration::from_millis(ms + 15_000), "{what}: {took:?}");
}

fn vanished() {
    let (listener, mut client, server) = both();
    let (_other_listener, mut kept, _peer) = both();
    let port = listener.local().unwrap().port().unwrap().to_string();
    // A client of a server, who will not be heard of again.
    let mute = tcp::connect(Some("127.0.0.1"), &port, "", Deadline::NEVER).unwrap();
    silence();
    // A read and a write end in time.
    client.timeout(Some(Duration::from_millis(200)));
    within("read", 200, || assert!(client.read(&mut [0; 9]).unwrap_err().is_timeout()));
    within("write", 200, || assert!(client.write(&vec![0; 20_000_000]).unwrap_err().is_timeout()));
    // The kernel can be told to give it up.
    kept.set_option("user_timeout", 300).unwrap();
    kept.write(b"is anybody there?").unwrap();
    within("user_timeout", 200, || assert_eq!(kept.read(&mut [0; 9]).unwrap_err().errno(), libc::ETIMEDOUT));
    // So does connecting, to all addresses together.
    for host in [Some("127.0.0.1"), None] {
        within("connect", 300, || {
            assert!(tcp::connect(host, &port, "", Deadline::after_ms(300)).unwrap_err().is_timeout());
        });
    }
    drop(server);
    // A server ends what such a client holds up, and then itself.
    let mut server = Server::new(listener).unwrap();
    server.exec(&Cmd::argv(["cat"])).each(Some(Duration::from_millis(300)));
    server.drain(Some("ALRM"), Duration::from_secs(20));
    server.log(|event| {
        if matches!(event, perlipc::server::Event::Started { .. }) {
            perlipc::signal::alarm(Duration::from_millis(100), Duration::ZERO).unwrap();
        }
    });
    within("server", 300, || {
        let report = server.run().unwrap();
        assert_eq!((report.accepted, report.cut, report.drained), (1, 1, true), "{report:?}");
    });
    drop(mute);
    println!("done");
}

#[test]
fn peers_that_vanish() {
    if known("vanished", &["blackhole"]).is_some() {
        run_in_network("vanished", "true");
    }
}

/// Of two ports, the kernel gives a socket the one that it connects to.
fn alone_here() {
    let (port, refused) = ("40000", |error: &perlipc::Error| error.errno() == libc::ECONNREFUSED);
    for deadline in [Deadline::NEVER, Deadline::after_ms(60_000)] {
        for _ in 0..10 {
            let error = tcp::connect(Some("127.0.0.1"), port, "", deadline).unwrap_err();
            assert!(refused(&error), "{error}");
        }
        assert!(refused(&tcp::connect(None, port, "", deadline).unwrap_err()));
    }
    // Who asks for it gets it.
    let mut own = tcp::connect(Some("127.0.0.1"), port, "from=127.0.0.1:40000", Deadline::NEVER).unwrap();
    own.write(b"me\n").unwrap();
    assert_eq!(own.readline().unwrap(), Some(&b"me\n"[..]));
    println!("done");
}

#[test]
fn nobody_is_not_oneself() {
    let few = "echo 40000 40001 > /proc/sys/net/ipv4/ip_local_port_range";
    if !common::has_args("unshare", &["-rn", "sh", "-c", &format!("{UP} && {few}")]) {
        return common::skipped("alone_here", "no unshare and ip that may make such a network");
    }
    run_in_network("alone_here", few);
}

common::scenarios!(lossy, vanished, alone_here);
