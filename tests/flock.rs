//! flock: modes and deadlines, and the wait that a handler ends.

mod common;
#[path = "common/objects.rs"]
mod objects;

use std::fs::File;
use std::time::{Duration, Instant};

use common::run;
use objects::child;
use perlipc::{Deadline, Error, FlockMode, flock, signal};

common::scenarios!(modes, handlers);

const NEVER: Deadline = Deadline::NEVER;

fn two_files() -> (File, File) {
    let path = std::env::temp_dir().join(format!("perlipc-flock-{}", std::process::id()));
    let files = (File::create(&path).unwrap(), File::open(&path).unwrap());
    std::fs::remove_file(&path).unwrap();
    files
}

fn modes() {
    let (one, other) = two_files();
    flock(&one, "SH".parse().unwrap(), NEVER).unwrap();
    flock(&other, FlockMode::Shared, Deadline::NOW).unwrap();
    assert!(flock(&one, FlockMode::Exclusive, Deadline::NOW).unwrap_err().is_timeout());
    flock(&other, "UN".parse().unwrap(), NEVER).unwrap();
    flock(&one, "EX".parse().unwrap(), NEVER).unwrap();
    let begin = Instant::now();
    assert!(flock(&other, FlockMode::Shared, Deadline::after_ms(50)).unwrap_err().is_timeout());
    let took = begin.elapsed();
    assert!(took >= Duration::from_millis(50) && took < Duration::from_secs(10), "{took:?}");
    drop(one);
    flock(&other, FlockMode::Exclusive, Deadline::after_ms(5000)).unwrap();
    assert!("ex".parse::<FlockMode>().is_err());
}

/// The manual's timeout: a handler gives the wait up.
fn handlers() {
    let (one, other) = two_files();
    flock(&one, FlockMode::Exclusive, NEVER).unwrap();
    signal::handle("USR1", |_| Err(1)).unwrap();
    let me = std::process::id() as i32;
    for deadline in [NEVER, Deadline::after_ms(20_000)] {
        let sender = child(|| signal::kill("USR1", me).map_or(1, |()| 0));
        let error = flock(&other, FlockMode::Exclusive, deadline).unwrap_err();
        assert!(matches!(error, Error::Abandoned { value: 1, .. }), "{error}");
        assert!(sender.wait(NEVER).unwrap().success());
    }
}

#[test]
fn modes_and_deadlines() {
    run("modes");
}

#[test]
fn a_handler_ends_the_wait() {
    run("handlers");
}
