//! Giving up privileges for good.

mod common;

use perlipc::*;

common::scenarios![drop_for_good, drop_with_threads, children_of_another_user];

fn ids() -> ([u32; 3], [u32; 3], Vec<u32>) {
    let (mut user, mut group) = ([0; 3], [0; 3]);
    let mut groups = vec![0; 1000];
    // SAFETY: room for what is written.
    unsafe {
        let ([a, b, c], [d, e, f]) = (&mut user, &mut group);
        libc::getresuid(a, b, c);
        libc::getresgid(d, e, f);
        let count = libc::getgroups(1000, groups.as_mut_ptr());
        groups.truncate(count as usize);
    }
    (user, group, groups)
}

fn drop_for_good() {
    drop_privileges("65534", Some("65533")).unwrap();
    assert_eq!(ids(), ([65534; 3], [65533; 3], vec![65533]));
    // SAFETY: it must fail.
    unsafe {
        assert_eq!(libc::setuid(0), -1);
        assert_eq!(libc::setgid(0), -1);
        assert_eq!(libc::setgroups(0, std::ptr::null()), -1);
    }
    // Once more is refused, and says where.
    let error = drop_privileges("65532", Some("65533")).unwrap_err();
    assert_eq!((error.step(), error.errno()), ("setgroups", libc::EPERM));
    assert_eq!(Cmd::argv(["sh", "-c", "exit $(id -u | wc -c)"]).run(Deadline::NEVER).unwrap().code(), Some(6));
}

fn drop_with_threads() {
    let (ask, asked) = std::sync::mpsc::channel::<()>();
    let other = std::thread::spawn(move || {
        asked.recv().unwrap();
        ids()
    });
    drop_privileges("65534", Some("65534")).unwrap();
    ask.send(()).unwrap();
    assert_eq!(other.join().unwrap(), ids());
    assert_eq!(ids().0, [65534; 3]);
}

#[test]
fn dropped_privileges_do_not_come_back() {
    if !common::is_root() {
        return common::skipped("dropping privileges", "not root");
    }
    common::run("drop_for_good");
    common::run("drop_with_threads");
}

/// A child that changes its user on this process's memory would leave that not dumpable; also where threads start many.
fn children_of_another_user() {
    // SAFETY: plain numbers.
    let dumpable = || unsafe { libc::prctl(libc::PR_GET_DUMPABLE) };
    assert_eq!(dumpable(), 1);
    let start_some = || {
        let mut cmd = Cmd::new("true");
        cmd.user(Some("65534"), Some("65534"));
        for _ in 0..common::scale(1000) {
            assert!(cmd.start().unwrap().wait(Deadline::NEVER).unwrap().success());
        }
    };
    std::thread::scope(|scope| (0..8).for_each(|_| drop(scope.spawn(start_some))));
    assert_eq!(dumpable(), 1);
}

#[test]
fn children_of_another_user_change_nothing_here() {
    if !common::is_root() {
        return common::skipped("children of another user", "not root");
    }
    common::run("children_of_another_user");
}

#[test]
fn who_is_nobody() {
    let before = ids();
    assert_eq!(drop_privileges("perlipc-nobody", None).unwrap_err().to_string(), "user: no such user: perlipc-nobody");
    assert_eq!(drop_privileges("daemon", Some("perlipc-none")).unwrap_err().step(), "group");
    assert_eq!(drop_privileges("root", None).unwrap_err().errno(), libc::EINVAL);
    assert_eq!(drop_privileges("0", None).unwrap_err().errno(), libc::EINVAL);
    assert_eq!(drop_privileges("4000000000", None).unwrap_err().errno(), libc::EINVAL);
    assert_eq!(drop_privileges("4294967295", None).unwrap_err().errno(), libc::EINVAL);
    assert_eq!(ids(), before);
}
