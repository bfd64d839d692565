//! A handler that counts and gives up what it interrupted: the manual's catch_zap. Press Ctrl-C, or send SIGINT.
//!
//!     cargo run --example catch_zap

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use perlipc::signal;

static SHUCKS: AtomicU32 = AtomicU32::new(0);

fn main() -> perlipc::Result<()> {
    // It runs inside the blocking call, never inside the signal: so it may print and allocate.
    signal::handle("INT", |arrived| {
        SHUCKS.fetch_add(1, Ordering::Relaxed);
        println!("Somebody sent me a SIG{}", arrived.name());
        Err(1) // die
    })?;
    println!("waiting");
    match signal::sleep(Duration::from_secs(60)) {
        Err(error) => println!("{error}; shucks: {}", SHUCKS.load(Ordering::Relaxed)),
        Ok(left) => println!("nobody came, {left:?} left"),
    }
    Ok(())
}
