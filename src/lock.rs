//! A lock between processes that survives its holder: whoever is killed with it, at whatever instant, the next one
//! gets it and is told.
//!
//! It is libc's robust process-shared mutex in memory that the processes share. Its rule of threads: the thread that
//! took it has it, gives it back, and its end counts as the holder's death.
//!
//! That mutex knows its holder by the thread's number alone, which a thread of another pid namespace can have as well.
//! So beside it stands which process has it, and libc is asked nothing for a stranger.

use std::ffi::OsStr;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use crate::block::{self, Stop, Wait};
use crate::child;
use crate::error::Result;
use crate::shared::{self, Memory};
use crate::signal;
use crate::sys;
use crate::sys::shared::Shared;
use crate::time::Deadline;

/// A wait looks again after that long, in nanoseconds: a waiter can be killed in the instant after it was woken and
/// before it has the lock, and then nobody wakes the next.
pub(crate) const LOOK_AGAIN: u64 = 100_000_000;

/// A lock that processes share by a name, a file, or by being forked.
#[derive(Debug)]
pub struct Lock {
    memory: Memory,
    /// The thread of this process that has it; 0 none.
    holder: AtomicUsize,
    /// The number of that thread.
    number: AtomicU32,
}

/// How the lock was come by.
pub(crate) enum Taken {
    Free,
    /// Its holder died with it.
    Died,
    /// This thread had it already.
    Mine,
}

impl Lock {
    /// The lock of that name, made if there is none. A name without a slash is this machine's (in /dev/shm), one with a
    /// slash is a file. It must be of our own making or root's: EACCES else.
    pub fn open(name: impl AsRef<OsStr>, mode: u32) -> Result<Lock> {
        shared::open("lock", name.as_ref(), (0, 0), mode, |_| ()).map(Lock::over)
    }

    /// A lock without a name, for this process and the children it forks.
    pub fn anonymous() -> Result<Lock> {
        shared::anonymous("lock", 0).map(Lock::over)
    }

    /// Takes the name away. Processes that have the lock open keep it; who opens the name later gets another one. What
    /// is no lock keeps its name: [`Error::Invalid`](crate::Error::Invalid).
    pub fn remove(name: impl AsRef<OsStr>) -> Result<()> {
        shared::remove("lock", name.as_ref())
    }

    pub(crate) fn over(memory: Memory) -> Lock {
        Lock { memory, holder: AtomicUsize::new(0), number: AtomicU32::new(0) }
    }

    pub(crate) fn memory(&self) -> &Memory {
        &self.memory
    }

    #[inline(always)]
    fn shared(&self) -> &Shared {
        &self.memory.shared
    }

    /// Takes it, waiting for it. `Ok(true)`: the holder before died with it, and what it guards may be half done.
    /// EDEADLK when this thread has it already.
    #[inline]
    pub fn take(&self, deadline: Deadline) -> Result<bool> {
        match self.take_any(deadline) {
            Ok(Taken::Free) => Ok(false),
            Ok(Taken::Died) => Ok(true),
            Ok(Taken::Mine) => Err(self.memory.failed("lock", libc::EDEADLK)),
            Err(stop) => Err(stop.at("lock", self.memory.path())),
        }
    }

    #[inline]
    pub(crate) fn take_any(&self, deadline: Deadline) -> Wait<Taken> {
        let mut waited = false;
        loop {
            // Libc is not asked for what another has: who is killed while it looks is taken by the kernel for the holder
            // where that one, in another pid namespace, has the same number.
            let tried = if self.shared().holder() == 0 { self.shared().try_lock() } else { Err(libc::EBUSY) };
            let taken = match tried {
                Ok(false) => Taken::Free,
                Ok(true) => Taken::Died,
                Err(libc::EBUSY | libc::EDEADLK) if self.is_mine() => return Ok(Taken::Mine),
                Err(libc::EBUSY | libc::EDEADLK) => match self.wait(deadline) {
                    Ok(()) => {
                        waited = true;
                        continue;
                    }
                    Err(stop) => {
                        // The wake-up that this thread may have had in this instant is the next one's.
                        if waited || stop != Stop::Timeout {
                            self.shared().hand_on();
                        }
                        return Err(stop);
                    }
                },
                Err(errno) => return Err(Stop::Errno(errno)),
            };
            if waited {
                self.shared().mark_waiters();
            }
            self.shared().number(shared::HOLDER).store(child::identity(), Ordering::Relaxed);
            self.number.store(self.shared().holder(), Ordering::Relaxed);
            self.holder.store(sys::thread_self(), Ordering::Relaxed);
            return Ok(taken);
        }
    }

    /// Whether it was this process that took it last. Who has it and has not said so yet is another one.
    fn is_this_process(&self) -> bool {
        self.shared().number(shared::HOLDER).load(Ordering::Relaxed) == child::identity()
    }

    /// Whether the calling thread has it, through whichever handle.
    fn is_mine(&self) -> bool {
        let number = self.shared().holder();
        number != 0 && self.is_this_process() && {
            let here = self.holder.load(Ordering::Relaxed) == sys::thread_self();
            here && self.number.load(Ordering::Relaxed) == number || sys::gettid() as u32 == number
        }
    }

    #[cold]
    fn wait(&self, deadline: Deadline) -> Wait<()> {
        if deadline.passed() {
            return Err(Stop::Timeout);
        }
        block::call(|word| {
            let left = deadline.left().unwrap_or(LOOK_AGAIN);
            self.shared().wait_unlock(word, left.min(LOOK_AGAIN))
        })?;
        signal::look()
    }

    /// Gives it back; EPERM when this thread does not have it.
    #[inline]
    pub fn give(&self) -> Result<()> {
        if !self.is_mine() {
            return Err(self.memory.failed("unlock", libc::EPERM));
        }
        self.unlock().map_err(|errno| self.memory.failed("unlock", errno))
    }

    /// What was said of this thread is taken back before, since another one may take it, and say so, the instant after.
    fn unlock(&self) -> sys::Result<()> {
        let me = sys::thread_self();
        let _ = self.holder.compare_exchange(me, 0, Ordering::Relaxed, Ordering::Relaxed);
        self.shared().number(shared::HOLDER).store(0, Ordering::Relaxed);
        self.shared().unlock()
    }
}

impl Drop for Lock {
    /// Gives it back if this thread has it.
    fn drop(&mut self) {
        let holder = self.holder.load(Ordering::Relaxed);
        if holder == sys::thread_self() {
            if self.is_mine() {
                let _ = self.unlock();
            }
        } else if holder != 0 {
            // libc's list of what that thread holds goes through this memory.
            self.shared().keep();
        }
    }
}
