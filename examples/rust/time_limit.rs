//! A command with a limit for all of it: its whole tree is ended, and what it had said is there.
//!
//!     cargo run --example time_limit

use std::time::Duration;

use perlipc::{Cmd, Deadline, capture};

fn main() -> perlipc::Result<()> {
    let slow = Cmd::shell("echo begun; sleep 60 & sleep 60");
    let said = capture::run(&slow, None, Deadline::after(Some(Duration::from_millis(300))))?;
    print!("{}", String::from_utf8_lossy(said.output()));
    println!("timed out: {}, {}", said.timed_out(), said.status());

    // What cannot be run is an error at once, with the step, the thing and the reason.
    println!("{}", Cmd::new("no-such-program").start().unwrap_err());
    Ok(())
}
