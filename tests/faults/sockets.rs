//! The operations of sockets and servers.

use std::os::fd::AsFd;
use std::time::Duration;

use perlipc::*;

use super::{Operation, is};

pub static OPERATIONS: &[Operation] = &[
    ("tcp", tcp_talk),
    ("tcp, deadlines", tcp_within),
    ("tcp, refused", tcp_refused),
    ("unix", unix_talk),
    ("unix, a dead server's file", unix_taken_over),
    ("descriptors sent", descriptors),
    ("udp", datagrams),
    ("batches", batches),
    ("multicast", multicast),
    ("server, a command", server_command),
];

/// They fork, which a process with several threads may not.
pub static FORKING: &[Operation] = &[
    ("server, a function", server_function),
    ("server, prefork", server_prefork),
    ("server, iterative", server_iterative),
];

fn port(listener: &Listener) -> Result<String> {
    Ok(listener.local()?.port().unwrap_or(0).to_string())
}

fn exchange(mut one: Stream, mut other: Stream) -> Result<()> {
    one.write(b"question\n")?;
    is(other.readline()?, Some(&b"question\n"[..]));
    other.shutdown_half(Half::Write)?;
    is(one.read(&mut [0; 9])?, 0);
    is(other.close()?, None);
    is(one.close()?, None);
    Ok(())
}

fn tcp_talk() -> Result<()> {
    let listener = tcp::listen(Some("127.0.0.1"), "0", "keepalive,backlog=5")?;
    let mut client = tcp::connect(Some("127.0.0.1"), &port(&listener)?, "from=127.0.0.2", Deadline::NEVER)?;
    let server = listener.accept(Deadline::NEVER)?;
    is(server.peer()?, client.local()?);
    client.set_option("linger", 3)?;
    is(client.option("linger")?, 3);
    exchange(client, server)?;
    let mut client = tcp::connect(Some("127.0.0.1"), &port(&listener)?, "", Deadline::NEVER)?;
    let mut server = listener.accept(Deadline::NEVER)?;
    client.write(b"x")?;
    tcp::send_urgent(&mut client, b'!')?;
    server.read_full(&mut [0; 1])?;
    is(tcp::recv_urgent(&server)?, b'!');
    is(tcp::at_mark(&server)?, true);
    Ok(())
}

fn tcp_within() -> Result<()> {
    let listener = tcp::listen(None, "0", "")?;
    let client = tcp::connect(Some("127.0.0.1"), &port(&listener)?, "", Deadline::after_ms(20_000))?;
    let server = listener.accept(Deadline::after_ms(20_000))?;
    match listener.accept(Deadline::after_ms(1)) {
        Err(error) if error.is_timeout() => {}
        Err(error) => return Err(error),
        Ok(stream) => panic!("{stream:?} from nowhere"),
    }
    exchange(client, server)
}

fn tcp_refused() -> Result<()> {
    for deadline in [Deadline::NEVER, Deadline::after_ms(20_000)] {
        match tcp::connect(Some("127.0.0.1"), "1", "", deadline) {
            Err(error) if error.errno() == libc::ECONNREFUSED => {}
            Err(error) => return Err(error),
            Ok(stream) => panic!("{stream:?} to nobody"),
        }
    }
    Ok(())
}

/// A name for a socket that is this process's own; removed where a failure has left it.
fn named(work: impl FnOnce(&str) -> Result<()>) -> Result<()> {
    let name = format!("/tmp/perlipc-faults-{}", std::process::id());
    let result = work(&name);
    let left = std::fs::remove_file(&name).is_ok();
    let _ = std::fs::remove_file(name.clone() + ".lock");
    assert!(!left || faults::failed().is_some(), "{name} was left");
    result
}

fn unix_talk() -> Result<()> {
    named(|name| {
        let listener = unix::listen(name, "mode=666")?;
        let client = unix::connect(name, "", Deadline::NEVER)?;
        let server = listener.accept(Deadline::NEVER)?;
        is(unix::peer(&client)?.pid, std::process::id() as i32);
        exchange(client, server)?;
        let client = unix::connect(name, "", Deadline::after_ms(20_000))?;
        exchange(client, listener.accept(Deadline::after_ms(20_000))?)
    })
}

fn unix_taken_over() -> Result<()> {
    named(|name| {
        drop(unix::listen(name, "keep")?);
        drop(unix::listen(name, "")?);
        Ok(())
    })
}

fn descriptors() -> Result<()> {
    let (mut one, mut other) = unix::pair()?;
    let (mut reader, writer) = Stream::pipe()?;
    unix::send_fds(&mut one, b"x", &[writer.as_fd(), writer.as_fd()])?;
    drop(writer);
    match unix::recv_fds(&mut other, &mut [0; 9], 1) {
        Err(error) if error.errno() == libc::EMSGSIZE => {}
        Err(error) => return Err(error),
        Ok(got) => panic!("more than there is room for: {got:?}"),
    }
    is(reader.readline()?, None);
    unix::send_fds(&mut one, b"y", &[reader.as_fd()])?;
    is(unix::recv_fds(&mut other, &mut [0; 9], 4)?.1.len(), 1);
    Ok(())
}

fn datagrams() -> Result<()> {
    let (one, other) = (dgram::udp(Some("127.0.0.1"), "0", "")?, dgram::udp(None, "0", "rcvbuf=65536")?);
    let to = format!("127.0.0.1:{}", other.local()?.port().unwrap_or(0)).parse()?;
    one.send(b"hello", Some(&to), Deadline::NEVER)?;
    let got = other.recv(&mut [0; 9], Deadline::after_ms(20_000))?;
    is((got.len, got.from), (5, one.local()?));
    one.connect(&to, Deadline::NEVER)?;
    is(one.peer()?, to);
    match one.recv(&mut [0; 9], Deadline::after_ms(1)) {
        Err(error) if error.is_timeout() => Ok(()),
        Err(error) => Err(error),
        Ok(got) => panic!("{got:?} from nowhere"),
    }
}

fn batches() -> Result<()> {
    let (one, other) = dgram::pair()?;
    let sent = one.send_batch(&[(b"a", None), (b"bb", None), (b"ccc", None)], Deadline::after_ms(20_000))?;
    let mut batch = Batch::new(8, 8)?;
    is(other.recv_batch(&mut batch, Deadline::after_ms(20_000))?, sent);
    is(batch.get(sent - 1).map(|(_, got)| got.len), Some(sent));
    Ok(())
}

fn multicast() -> Result<()> {
    let dgram = dgram::udp(Some("127.0.0.1"), "0", "")?;
    let group = std::net::Ipv4Addr::new(239, 255, 79, 79).into();
    dgram.join(group, Some("lo"))?;
    dgram.multicast(Some(1), Some(true), Some("lo"))?;
    dgram.leave(group, Some("lo"))
}

/// A server that has one client in its queue, and is stopped before it begins: what the client got, and the report.
fn served(set: impl FnOnce(&mut Server)) -> Result<(Vec<u8>, server::Report)> {
    let listener = tcp::listen(Some("127.0.0.1"), "0", "")?;
    let mut client = tcp::connect(Some("127.0.0.1"), &port(&listener)?, "", Deadline::NEVER)?;
    client.timeout(Some(Duration::from_secs(20)));
    let mut server = Server::new(listener)?;
    set(&mut server);
    server.drain(None, Duration::from_secs(20));
    server.stopper().stop();
    let report = server.run()?;
    drop(server);
    let mut answer = Vec::new();
    client.read_to_end(&mut answer)?;
    Ok((answer, report))
}

/// Answered; or not, where it was the child's call that failed, and that is told.
fn answered((answer, report): (Vec<u8>, server::Report)) -> Result<()> {
    let told = report.failed + report.killed + report.unknown > 0;
    assert!(answer == b"served" && report.ok + report.unknown == 1 || told, "{answer:?} {report:?}");
    is((report.accepted, report.drained), (1, true));
    Ok(())
}

fn handler(stream: &mut Stream) -> i32 {
    i32::from(stream.write(b"served").is_err())
}

fn server_command() -> Result<()> {
    answered(served(|server| {
        server.exec(&Cmd::argv(["printf", "served"]));
    })?)
}

fn server_function() -> Result<()> {
    answered(served(|server| {
        server.handler(handler);
    })?)
}

fn server_prefork() -> Result<()> {
    answered(served(|server| {
        server.handler(handler).prefork(1);
    })?)
}

fn server_iterative() -> Result<()> {
    answered(served(|server| {
        server.handler(handler).iterative(true);
    })?)
}
