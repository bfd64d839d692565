//! `system`: INT and QUIT are the child's while it runs.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::names::bit;
use super::table::{action, plain_action, table};
use crate::child;
use crate::error::Result;
use crate::sys;

/// How many `system` calls wait now: changed with the table locked only.
static SYSTEMS: AtomicUsize = AtomicUsize::new(0);

/// What INT and QUIT were before the first.
#[derive(Default)]
pub(super) struct Count {
    before: Option<[libc::sigaction; 2]>,
}

// SAFETY: a sigaction is plain numbers; its pointers are only given back to the kernel.
unsafe impl Send for Count {}

impl Count {
    /// The disposition that comes back when the last `system` ends, for a signal that it concerns.
    pub(super) fn before(&mut self, signal: i32) -> Option<&mut libc::sigaction> {
        let at = BELONG_TO_CHILD.iter().position(|theirs| *theirs == signal)?;
        self.before.as_mut()?.get_mut(at)
    }

    /// What waits in the parent of a forked process does not here, and nobody here would end it.
    pub(super) fn forget(&mut self) {
        if self.before.is_some() {
            self.end();
        }
    }

    fn end(&mut self) {
        SYSTEMS.store(0, Ordering::SeqCst);
        for (signal, before) in BELONG_TO_CHILD.iter().zip(self.before.take().iter().flatten()) {
            // SAFETY: what was there before.
            unsafe { sys::put_back_sigaction(*signal, before) };
        }
    }
}

/// In a forked process, before anything else. Nothing is written where no `system` waits: each page that is touched here
/// would be copied.
pub(crate) fn forked() {
    if SYSTEMS.load(Ordering::SeqCst) > 0 {
        table();
    }
}

/// While one is alive, INT and QUIT are ignored in this process. Counted over all threads: the first sets it, the last
/// puts back what was.
#[derive(Debug)]
pub(crate) struct Deaf {
    process: u64,
}

const BELONG_TO_CHILD: [i32; 2] = [libc::SIGINT, libc::SIGQUIT];

impl Deaf {
    pub(crate) fn new() -> Result<Deaf> {
        let mut table = table();
        let count = table.deaf();
        if count.before.is_none() {
            let ignore = plain_action(libc::SIG_IGN);
            let [int, quit] = BELONG_TO_CHILD;
            let int_before = action(int, Some(&ignore))?;
            let quit_before = action(quit, Some(&ignore)).inspect_err(|_| drop(action(int, Some(&int_before))))?;
            count.before = Some([int_before, quit_before]);
        }
        SYSTEMS.fetch_add(1, Ordering::SeqCst);
        Ok(Deaf { process: child::generation() })
    }
}

impl Drop for Deaf {
    fn drop(&mut self) {
        let mut table = table();
        // A copy in a forked process is no part of what waits there.
        if self.process == child::generation() && SYSTEMS.fetch_sub(1, Ordering::SeqCst) == 1 {
            table.deaf().end();
        }
    }
}

/// Of INT and QUIT, those whose default must be put back in a child that is started now, since [`Deaf`] alone made
/// them ignored.
pub(crate) fn deaf_for_child() -> u64 {
    let mut table = table();
    let mut set = 0;
    for signal in BELONG_TO_CHILD {
        if table.deaf().before(signal).is_some_and(|before| before.sa_sigaction != libc::SIG_IGN) {
            set |= bit(signal);
        }
    }
    set
}
