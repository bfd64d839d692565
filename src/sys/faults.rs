//! Failing on purpose (feature `faults`): the n-th system call of this thread, counted from now, is answered with an
//! error. The child between clone and exec counts with the thread that starts it, since it runs on the same memory.

use std::cell::Cell;

#[derive(Clone, Copy)]
struct Plan {
    fail_at: u64,
    errno: i32,
    calls: u64,
    failed: i64,
}

const TRACED: usize = 1024;

thread_local! {
    static TRACE: [Cell<i64>; TRACED] = const { [const { Cell::new(-1) }; TRACED] };
    static PLAN: Cell<Plan> = const { Cell::new(Plan { fail_at: 0, errno: 0, calls: 0, failed: -1 }) };
}

/// From now on the `n`-th system call (1 is the next) fails once with `errno`; 0 fails none and only counts.
pub fn fail(n: u64, errno: i32) {
    PLAN.set(Plan { fail_at: n, errno, calls: 0, failed: -1 });
}

/// How many system calls went through since [`fail`].
pub fn calls() -> u64 {
    PLAN.get().calls
}

/// The numbers of the system calls that went through since [`fail`], in their order; the first 1024.
pub fn trace() -> Vec<i64> {
    let count = usize::try_from(calls()).unwrap_or(TRACED).min(TRACED);
    TRACE.with(|trace| trace.iter().take(count).map(Cell::get).collect())
}

/// The number of the system call that was failed, `None` while none was.
pub fn failed() -> Option<i64> {
    let nr = PLAN.get().failed;
    (nr >= 0).then_some(nr)
}

/// Stops failing and counting.
pub fn off() {
    fail(0, 0);
}

/// What the gate asks before each call.
pub(super) fn hit(nr: i64) -> Option<i32> {
    PLAN.with(|plan| {
        let mut p = plan.get();
        TRACE.with(|trace| {
            if let Some(cell) = trace.get(p.calls as usize) {
                cell.set(nr);
            }
        });
        p.calls += 1;
        let hit = p.calls == p.fail_at;
        if hit {
            p.failed = nr;
        }
        plan.set(p);
        hit.then_some(p.errno)
    })
}
