//! Shared memory: Perl's padding and bounds, what stays attached and how its removal is noticed, Perl as the partner.

mod common;
#[path = "common/objects.rs"]
mod objects;

use std::time::Duration;

use common::{eventually, run, scale, skipped};
use objects::{apart, child, perl};
use perlipc::sysv::{CREATE, Change, EXCLUSIVE, PRIVATE};
use perlipc::{Deadline, Error, SharedMem, shm};

common::scenarios!(
    seed,
    errors,
    handle,
    kept,
    noticed,
    read_only,
    large,
    at_an_address,
    limits,
    named,
    reopened,
    partner
);

fn errno<T: std::fmt::Debug>(result: perlipc::Result<T>) -> i32 {
    result.unwrap_err().errno()
}

/// The manual's program.
fn seed() {
    let _apart = apart();
    let id = shm::get(PRIVATE, 2000, 0o777).unwrap();
    shm::write(id, b"Message #1", 0, 60).unwrap();
    let mut text = [b'?'; 60];
    shm::read(id, 0, &mut text).unwrap();
    assert_eq!(text[..10], *b"Message #1");
    assert_eq!(text[10..], [0; 50]);
    shm::write(id, &[b'x'; 20], 0, 20).unwrap();
    shm::write(id, b"ab", 0, 5).unwrap();
    let mut text = [0; 10];
    shm::read(id, 0, &mut text).unwrap();
    assert_eq!(text, *b"ab\0\0\0xxxxx");
    shm::write(id, b"toolongstring", 0, 4).unwrap();
    shm::read(id, 0, &mut text).unwrap();
    assert_eq!(text, *b"tool\0xxxxx");
    shm::remove(id).unwrap();
    let gone = shm::read(id, 0, &mut text).unwrap_err();
    assert!(matches!(gone, Error::Removed { errno: libc::EINVAL, .. }), "{gone}");
}

/// Others remove it in each instant: who opens it has one all the same.
fn reopened() {
    let _apart = apart();
    let work = || {
        for _ in 0..scale(20_000) {
            let memory = SharedMem::open(0x7e00_0001, 100, 0o600).unwrap();
            // Somebody else was quicker.
            let _ = memory.remove();
        }
        0
    };
    let all = [child(work), child(work)];
    for process in all {
        assert!(process.wait(Deadline::NEVER).unwrap().success());
    }
}

fn errors() {
    let _apart = apart();
    let key = 0x7e00_0000;
    assert_eq!(errno(shm::get(key, 10, 0o600)), libc::ENOENT);
    let id = shm::get(key, 100, 0o600 | CREATE).unwrap();
    assert_eq!(errno(shm::get(key, 100, 0o600 | CREATE | EXCLUSIVE)), libc::EEXIST);
    let small = shm::get(key, 1000, 0o600).unwrap_err();
    assert_eq!(small.errno(), libc::EINVAL);
    assert_eq!(small.to_string(), "shmget 0x7e000000 (which has 100 bytes): Invalid argument");
    assert_eq!(shm::get(key, 0, 0).unwrap(), id);
    assert_eq!(errno(shm::get(PRIVATE, 0, 0o600)), libc::EINVAL);
    let mut ten = [7; 10];
    let outside = shm::read(id, 91, &mut ten).unwrap_err();
    assert_eq!(outside.errno(), libc::EFAULT);
    assert_eq!(outside.to_string(), format!("shmread {id} (bytes 91 to 101 of 100): Bad address"));
    assert_eq!(errno(shm::read(id, usize::MAX, &mut ten)), libc::EFAULT);
    assert_eq!(ten, [7; 10], "untouched");
    assert_eq!(errno(shm::write(id, b"x", 100, 1)), libc::EFAULT);
    assert_eq!(errno(shm::write(id, b"x", 1, usize::MAX)), libc::EFAULT);
    shm::read(id, 90, &mut ten).unwrap();
    let stat = shm::stat(id).unwrap();
    assert_eq!((stat.size, stat.creator, stat.owner.mode), (100, std::process::id() as i32, 0o600));
    shm::change(id, Change { mode: Some(0o640), ..Change::default() }).unwrap();
    assert_eq!(shm::stat(id).unwrap().owner.mode, 0o640);
    assert_eq!(shm::stat_bytes(id).unwrap().len(), 112);
    let bad = shm::set_bytes(id, b"abc").unwrap_err().to_string();
    assert_eq!(bad, "shmctl: bad arg length for shmctl, is 3, should be 112");
    shm::remove(id).unwrap();
}

/// Attached memory outlives the removal, as in Perl's IPC::SharedMem; dropping it detaches and removes nothing.
fn handle() {
    let _apart = apart();
    let memory = SharedMem::create(PRIVATE, 8, 0o600).unwrap();
    memory.write_padded(b"abc", 0, 5).unwrap();
    let mut five = [1; 5];
    memory.read(0, &mut five).unwrap();
    assert_eq!(five, *b"abc\0\0");
    assert_eq!(errno(memory.read(5, &mut [0; 9])), libc::EFAULT);
    let outside = memory.write(7, b"ab").unwrap_err();
    assert_eq!(outside.errno(), libc::EFAULT);
    assert_eq!(outside.to_string(), format!("shmwrite {} (bytes 7 to 9 of 8): Bad address", memory.id()));
    assert_eq!(memory.stat().unwrap().attached, 1);
    let again = SharedMem::attach(memory.id(), false).unwrap();
    assert_eq!(memory.stat().unwrap().attached, 2);
    let id = memory.id();
    drop(memory);
    assert_eq!(shm::stat(id).unwrap().attached, 1);
    again.remove().unwrap();
    again.write(0, b"late").unwrap();
    let mut four = [0; 4];
    again.read(0, &mut four).unwrap();
    assert_eq!(four, *b"late");
    assert!(shm::stat(id).unwrap().removed);
    drop(again);
    assert_eq!(errno(shm::stat(id)), libc::EINVAL);
}

/// What is used by its id stays attached, once; forgetting and removal let go of it.
fn kept() {
    let _apart = apart();
    let id = shm::get(PRIVATE, 100, 0o600).unwrap();
    for round in 0..100 {
        shm::write(id, &[round], 3, 1).unwrap();
        let mut one = [0];
        shm::read(id, 3, &mut one).unwrap();
        assert_eq!(one, [round]);
    }
    assert_eq!(shm::stat(id).unwrap().attached, 1);
    assert!(shm::forget(id));
    assert!(!shm::forget(id));
    assert_eq!(shm::stat(id).unwrap().attached, 0);
    shm::read(id, 0, &mut [0]).unwrap();
    shm::remove(id).unwrap();
    assert_eq!(errno(shm::stat(id)), libc::EINVAL, "gone, since nothing is attached");
    let many: Vec<_> = (0..100).map(|_| shm::get(PRIVATE, 100, 0o600).unwrap()).collect();
    for id in &many {
        shm::write(*id, b"x", 0, 1).unwrap();
    }
    let attached: u64 = many.iter().map(|id| shm::stat(*id).unwrap().attached).sum();
    assert!(attached <= 64, "{attached}");
    many.iter().for_each(|id| shm::remove(*id).unwrap());
}

/// This thread's time on a processor: what others take from it says nothing about the library.
fn own_time() -> Duration {
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: an out-pointer.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut t) };
    Duration::new(t.tv_sec as u64, t.tv_nsec as u32)
}

/// Another process removes it: known within 10 ms.
fn noticed() {
    let _apart = apart();
    let mut times = Vec::new();
    for _ in 0..scale(1000) {
        let key = 0x7e00_0001;
        let id = shm::get(key, 100, 0o600 | CREATE).unwrap();
        shm::write(id, b"mine", 0, 4).unwrap();
        let remover = child(|| shm::remove(id).map_or(1, |()| 0));
        assert!(remover.wait(Deadline::NEVER).unwrap().success());
        let begin = own_time();
        let error = loop {
            if let Err(error) = shm::read(id, 0, &mut [0; 4]) {
                break error;
            }
        };
        times.push(own_time() - begin);
        assert!(matches!(error, Error::Removed { .. }), "{error}");
        // The memory is the system's again, and the key free for another one.
        assert_eq!(errno(shm::stat(id)), libc::EINVAL);
        let other = shm::get(key, 100, 0o600 | CREATE | EXCLUSIVE).unwrap();
        let mut four = [1; 4];
        shm::read(other, 0, &mut four).unwrap();
        assert_eq!(four, [0; 4]);
        shm::remove(other).unwrap();
    }
    common::within(times, Duration::from_millis(10), "the removal noticed");
}

fn read_only() {
    let _apart = apart();
    if !common::is_root() {
        return skipped("a segment that may only be read", "only root can be two users");
    }
    let memory = SharedMem::create(PRIVATE, 8, 0o644).unwrap();
    memory.write(0, b"look").unwrap();
    let reader = child(|| {
        perlipc::drop_privileges("nobody", None).unwrap();
        let mut four = [0; 4];
        shm::read(memory.id(), 0, &mut four).unwrap();
        assert_eq!(four, *b"look");
        assert_eq!(errno(shm::write(memory.id(), b"x", 0, 1)), libc::EACCES);
        let attached = SharedMem::attach(memory.id(), true).unwrap();
        assert_eq!(errno(attached.write(0, b"x")), libc::EACCES);
        // Its owner takes the right away.
        memory.write(0, b"read").unwrap();
        let forbidden = loop {
            if let Err(error) = shm::read(memory.id(), 0, &mut four) {
                break error;
            }
        };
        assert_eq!(forbidden.errno(), libc::EACCES, "{forbidden}");
        0
    });
    let has_read = || {
        let mut four = [0; 4];
        memory.read(0, &mut four).unwrap();
        four == *b"read"
    };
    assert!(eventually(has_read));
    shm::change(memory.id(), Change { mode: Some(0o600), ..Change::default() }).unwrap();
    assert!(reader.wait(Deadline::NEVER).unwrap().success());
    memory.remove().unwrap();
}

fn large() {
    let _apart = apart();
    const SIZE: usize = 16 << 20;
    let id = shm::get(PRIVATE, SIZE, 0o600).unwrap();
    let data: Vec<u8> = (0..SIZE).map(|n| (n * 7 / 3) as u8).collect();
    shm::write(id, &data, 0, SIZE).unwrap();
    let mut back = vec![0; SIZE];
    shm::read(id, 0, &mut back).unwrap();
    assert!(back == data);
    let mut memory = SharedMem::attach(id, false).unwrap();
    // SAFETY: no other process has the segment.
    let bytes = unsafe { memory.as_mut_slice() };
    assert!(bytes == data);
    bytes[5] = 99;
    shm::read(id, 5, &mut back[..1]).unwrap();
    assert_eq!(back[0], 99);
    shm::remove(id).unwrap();
}

/// Perl's shmat and shmdt.
fn at_an_address() {
    let _apart = apart();
    let id = shm::get(PRIVATE, 4096, 0o600).unwrap();
    // SAFETY: the kernel chooses; used until it is detached.
    unsafe {
        let at = shm::attach_at(id, std::ptr::null(), 0).unwrap();
        at.copy_from(b"here".as_ptr(), 4);
        let mut four = [0; 4];
        shm::read(id, 0, &mut four).unwrap();
        assert_eq!(four, *b"here");
        shm::detach(at).unwrap();
        assert_eq!(errno(shm::detach(at)), libc::EINVAL);
    }
    shm::remove(id).unwrap();
}

fn limits() {
    let apart = apart();
    if !apart.limit("shmmni", "2") {
        return skipped("the limit of segments", "its value cannot be changed here");
    }
    let all: Vec<_> = (0..2).map(|_| shm::get(PRIVATE, 10, 0o600).unwrap()).collect();
    let error = shm::get(PRIVATE, 10, 0o600).unwrap_err();
    assert_eq!(error.to_string(), "shmget: beyond the system's limit shmmni = 2: No space left on device");
    all.iter().for_each(|id| shm::remove(*id).unwrap());
    assert!(apart.limit("shmall", "4"));
    let error = shm::get(PRIVATE, 5 * 4096, 0o600).unwrap_err();
    assert!(error.to_string().contains("shmall = 4"), "{error}");
    assert!(apart.limit("shmmax", "1000"));
    let error = shm::get(PRIVATE, 1001, 0o600).unwrap_err();
    assert!(error.to_string().contains("shmmax = 1000"), "{error}");
    assert_eq!(error.errno(), libc::EINVAL);
}

fn named() {
    let _apart = apart();
    let one = SharedMem::open_named("perlipc-test", 100, 0o600).unwrap();
    let other = SharedMem::open_named("perlipc-test", 100, 0o600).unwrap();
    one.write(7, b"seen").unwrap();
    let mut four = [0; 4];
    other.read(7, &mut four).unwrap();
    assert_eq!(four, *b"seen");
    one.remove().unwrap();
}

fn partner() {
    let _apart = apart();
    let id = shm::get(PRIVATE, 100, 0o600).unwrap();
    shm::write(id, b"from us", 0, 20).unwrap();
    let program = r#"$id = shift; shmread($id, $text, 0, 20) || die $!; $text =~ s/\0+$//; print $text;
        shmwrite($id, "from Perl", 50, 20) || die $!;"#;
    assert_eq!(perl(program, &[&id.to_string()]), "from us");
    let mut text = [1; 20];
    shm::read(id, 50, &mut text).unwrap();
    assert_eq!(text, *b"from Perl\0\0\0\0\0\0\0\0\0\0\0");
    shm::remove(id).unwrap();
    // One that Perl made.
    let made = perl(r#"$id = shmget(0, 64, 0600); shmwrite($id, "born in Perl", 0, 64) || die $!; print $id;"#, &[]);
    let memory = SharedMem::attach(made.parse().unwrap(), false).unwrap();
    let mut text = [0; 12];
    memory.read(0, &mut text).unwrap();
    assert_eq!(text, *b"born in Perl");
    memory.remove().unwrap();
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
    the_manuals_program: seed,
    has_perls_errors: errors,
    a_handle_outlives_removal: handle,
    stays_attached_by_id: kept,
    removal_is_noticed: noticed,
    reading_needs_no_right_to_write: read_only,
    sixteen_mebibytes: large,
    attaches_at_an_address: at_an_address,
    limits_are_named: limits,
    a_name_finds_it: named,
    is_made_again_when_it_goes_while_it_is_opened: reopened,
    perl_on_the_other_side: partner,
);
