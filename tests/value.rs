//! The shared value: never torn, never half written, whoever is killed.

mod common;
#[path = "common/objects.rs"]
mod objects;

use std::time::{Duration, Instant};

use common::{run, scale};
use objects::child;
use perlipc::{Child, Deadline, Value};

common::scenarios!(basics, torn, killed, counted);

const NEVER: Deadline = Deadline::NEVER;

fn basics() {
    let name = format!("test-value-{}", std::process::id());
    let value = Value::open(&name, 100, 0o600).unwrap();
    assert_eq!((value.get(NEVER).unwrap(), value.version(), value.capacity()), (vec![], 0, 100));
    value.write(b"one", NEVER).unwrap();
    let other = Value::open(&name, 100, 0o600).unwrap();
    assert_eq!(other.get(NEVER).unwrap(), b"one");
    other.write(b"a longer one", NEVER).unwrap();
    let mut room = [b'?'; 5];
    assert_eq!(value.read(&mut room, NEVER).unwrap(), 12, "the true length");
    assert_eq!(room, *b"a lon");
    let long = value.write(&[0; 101], NEVER).unwrap_err();
    assert_eq!(
        (long.errno(), long.path()),
        (libc::EMSGSIZE, &*format!("/dev/shm/perlipc-value-{name} (101 bytes for 100)"))
    );
    assert_eq!(value.version(), 2);
    value.write(b"", NEVER).unwrap();
    assert_eq!(value.get(NEVER).unwrap(), b"");
    // Also where both take as much memory.
    for size in [50, 99, 101] {
        let error = Value::open(&name, size, 0o600).unwrap_err();
        assert!(error.to_string().ends_with(&format!("has another size: 100 bytes, not {size}")), "{error}");
    }
    // Several steps with nobody in between.
    assert!(!value.take(NEVER).unwrap());
    let kept_out = child(|| {
        let late = [value.write(b"late", Deadline::after_ms(1)).unwrap_err(), value.take(Deadline::NOW).unwrap_err()];
        late.iter().for_each(|late| assert!(late.is_timeout() && late.path().ends_with(&name), "{late}"));
        0
    });
    assert!(kept_out.wait(NEVER).unwrap().success());
    value.write(b"first", NEVER).unwrap();
    value.update(NEVER, |old| [old, b" and second"].concat()).unwrap();
    value.give().unwrap();
    assert_eq!(other.get(NEVER).unwrap(), b"first and second");
    Value::remove(&name).unwrap();
    let fresh = Value::open(&name, 50, 0o600).unwrap();
    assert_eq!(fresh.get(NEVER).unwrap(), b"");
    assert!(fresh.is_private());
    Value::remove(&name).unwrap();
    // SAFETY: plain numbers.
    let before = unsafe { libc::umask(0) };
    let open = Value::open(&name, 50, 0o666).unwrap();
    unsafe { libc::umask(before) };
    assert!(!open.is_private() && !Value::open(&name, 50, 0o600).unwrap().is_private());
    Value::remove(&name).unwrap();
}

/// All bytes are the same in each value that is ever written.
fn whole(data: &[u8]) -> bool {
    data.iter().all(|byte| Some(byte) == data.first())
}

/// Two write without a pause, two read.
fn torn() {
    let value = Value::anonymous(10_000).unwrap();
    let writer = |seed: u8| {
        let value = &value;
        child(move || {
            let begin = Instant::now();
            let mut byte = seed;
            while begin.elapsed() < Duration::from_millis(800) {
                byte = byte.wrapping_add(2);
                value.write(&vec![byte; 3000 + usize::from(byte) * 20], NEVER).unwrap();
            }
            0
        })
    };
    let reader = || {
        let begin = Instant::now();
        let mut seen = std::collections::BTreeSet::new();
        while begin.elapsed() < Duration::from_millis(700) {
            let data = value.get(NEVER).unwrap();
            assert!(whole(&data), "torn");
            assert!(data.is_empty() || data.len() == 3000 + usize::from(data[0]) * 20, "another's length");
            seen.insert(data.first().copied());
        }
        assert!(seen.len() > 2, "it has seen no change");
        0
    };
    let all = [writer(0), writer(1), child(reader), child(reader)];
    for process in all {
        assert!(process.wait(NEVER).unwrap().success());
    }
}

/// Writers are killed at any instant: what is there is always a whole value.
fn killed() {
    let value = Value::anonymous(200_000).unwrap();
    let writer = || {
        let mut byte = 0u8;
        loop {
            byte = byte.wrapping_add(1);
            value.write(&vec![byte; 200_000], NEVER).unwrap();
        }
    };
    for round in 0..scale(500) {
        let before = value.version();
        let process: Child = child(writer);
        while value.version() < before + 2 {
            std::thread::yield_now();
        }
        std::thread::sleep(Duration::from_micros(37 * (round as u64 % 20)));
        process.kill("KILL").unwrap();
        let _ = process.wait(NEVER).unwrap();
        let data = value.get(Deadline::after_ms(5000)).unwrap();
        assert!(data.len() == 200_000 && whole(&data), "half a value in round {round}");
        value.update(Deadline::after_ms(5000), |old| old.to_vec()).unwrap();
    }
}

/// No update is lost.
fn counted() {
    let value = Value::anonymous(8).unwrap();
    value.write(&0u64.to_ne_bytes(), NEVER).unwrap();
    let work = || {
        for _ in 0..5000 {
            let add = |old: &[u8]| (u64::from_ne_bytes(old.try_into().unwrap()) + 1).to_ne_bytes().to_vec();
            value.update(NEVER, add).unwrap();
        }
        0
    };
    let all: Vec<_> = (0..4).map(|_| child(work)).collect();
    for process in all {
        assert!(process.wait(NEVER).unwrap().success());
    }
    assert_eq!(value.get(NEVER).unwrap(), 20_000u64.to_ne_bytes());
    assert_eq!(value.version(), 20_001);
}

macro_rules! tests {
    ($($test:ident: $scenario:ident),* $(,)?) => {
        $(#[test]
        fn $test() {
            run(stringify!($scenario));
        })*
    };
}

tests!(
    is_read_and_written: basics,
    is_never_torn: torn,
    outlives_killed_writers: killed,
    loses_no_update: counted,
);
