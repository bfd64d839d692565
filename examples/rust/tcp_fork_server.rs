//! The manual's forking server: a process for each client, which gets a greeting and the date, until TERM.
//!
//!     cargo run --example tcp_fork_server 2345

use std::time::Duration;

use perlipc::{Cmd, Server, tcp};

fn main() -> perlipc::Result<()> {
    let port = std::env::args().nth(1).unwrap_or_else(|| "2345".to_owned());
    let mut server = Server::new(tcp::listen(Some("127.0.0.1"), &port, "")?)?;
    println!("server started on {}", server.local()?);
    server
        .exec(&Cmd::shell("echo Hello there, it is now; date"))
        .log(|event| println!("{event:?}"))
        .drain(Some("TERM"), Duration::from_secs(5));
    println!("{} served", server.run()?.ok);
    Ok(())
}
