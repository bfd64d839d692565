//! `system`: INT and QUIT are the child's while it runs.

use super::names::bit;
use super::table::{action, plain_action, table};
use crate::error::Result;
use crate::sys;

/// How many `system` calls wait now, and what INT and QUIT were before the first.
#[derive(Default)]
pub(super) struct Count {
    systems: usize,
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
}

/// While one is alive, INT and QUIT are ignored in this process. Counted over all threads: the first sets it, the last
/// puts back what was.
#[derive(Debug)]
pub(crate) struct Deaf(());

const BELONG_TO_CHILD: [i32; 2] = [libc::SIGINT, libc::SIGQUIT];

impl Deaf {
    pub(crate) fn new() -> Result<Deaf> {
        let mut table = table();
        let count = &mut table.get().deaf;
        if count.systems == 0 {
            let ignore = plain_action(libc::SIG_IGN);
            let [int, quit] = BELONG_TO_CHILD;
            let int_before = action(int, Some(&ignore))?;
            let quit_before = action(quit, Some(&ignore)).inspect_err(|_| drop(action(int, Some(&int_before))))?;
            count.before = Some([int_before, quit_before]);
        }
        count.systems += 1;
        Ok(Deaf(()))
    }
}

impl Drop for Deaf {
    fn drop(&mut self) {
        let mut table = table();
        let count = &mut table.get().deaf;
        count.systems -= 1;
        if count.systems > 0 {
            return;
        }
        for (signal, before) in BELONG_TO_CHILD.iter().zip(count.before.take().iter().flatten()) {
            // SAFETY: what was there before.
            unsafe { sys::put_back_sigaction(*signal, before) };
        }
    }
}

/// Of INT and QUIT, those whose default must be put back in a child that is started now, since [`Deaf`] alone made
/// them ignored.
pub(crate) fn deaf_for_child() -> u64 {
    let mut table = table();
    let mut set = 0;
    for signal in BELONG_TO_CHILD {
        if table.get().deaf.before(signal).is_some_and(|before| before.sa_sigaction != libc::SIG_IGN) {
            set |= bit(signal);
        }
    }
    set
}
