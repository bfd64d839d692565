//! What the tests of System V objects share. Each scenario runs in an IPC namespace of its own where that is allowed,
//! and must leave nothing in it.

#![allow(dead_code)] // Each test file uses its part.

use perlipc::{Child, Fork, sysv};

/// Goes to an empty IPC namespace (or says that it cannot), and ends with a look at what is left.
pub struct Apart {
    before: Vec<i32>,
    alone: bool,
}

pub fn apart() -> Apart {
    // SAFETY: plain numbers; this process has one thread.
    let alone = unsafe { libc::unshare(libc::CLONE_NEWIPC) } == 0;
    if !alone {
        crate::common::skipped("an IPC namespace of its own", &std::io::Error::last_os_error().to_string());
    }
    Apart { before: ids(), alone }
}

impl Apart {
    /// Sets a limit, only where it is this namespace's own.
    pub fn limit(&self, name: &str, value: &str) -> bool {
        self.alone && std::fs::write(format!("/proc/sys/kernel/{name}"), value).is_ok()
    }
}

fn ids() -> Vec<i32> {
    sysv::list().unwrap().iter().map(|object| object.id).collect()
}

impl Drop for Apart {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(ids(), self.before, "objects are left");
        }
    }
}

/// A forked child that ends with what `body` gives; 101 for a panic.
pub fn child(body: impl FnOnce() -> i32) -> Child {
    // SAFETY: this process has one thread.
    match unsafe { perlipc::fork() }.unwrap() {
        Fork::Parent(child) => child,
        Fork::Child => {
            // A scenario that fails leaves nobody behind, who would keep its output open for ever.
            // SAFETY: plain numbers.
            unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
            let code = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)).unwrap_or(101);
            // SAFETY: ends the child before anything of the parent's is run twice.
            unsafe { libc::_exit(code) }
        }
    }
}

/// Runs a Perl program with arguments; what it printed. It must succeed.
pub fn perl(program: &str, args: &[&str]) -> String {
    let output = std::process::Command::new("perl").args(["-we", program]).args(args).output().expect("perl");
    assert!(output.status.success(), "perl: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
