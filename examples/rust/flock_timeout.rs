//! The manual's timeout: a blocking lock that an alarm gives up, and the same by the call's own limit, without any signal.
//!
//!     cargo run --example flock_timeout

use std::fs::File;
use std::time::Duration;

use perlipc::{Deadline, FlockMode, flock, signal};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::temp_dir().join("perlipc-flock-example");
    let holder = File::create(&path)?;
    let fh = File::open(&path)?;
    flock(&holder, FlockMode::Exclusive, Deadline::NEVER)?;

    let saved = signal::save("ALRM")?;
    signal::handle("ALRM", |_| Err(1))?; // die "alarm clock restart"
    signal::alarm(Duration::from_millis(200), Duration::ZERO)?;
    let got = flock(&fh, FlockMode::Exclusive, Deadline::NEVER); // blocking write lock
    signal::alarm(Duration::ZERO, Duration::ZERO)?;
    saved.restore()?;
    println!("by the alarm: {}", got.unwrap_err());

    let got = flock(&fh, FlockMode::Exclusive, Deadline::after_ms(200));
    println!("by its limit: {}", got.unwrap_err());
    std::fs::remove_file(path)?;
    Ok(())
}
