//! A semaphore on a futex: no system call as long as nobody has to wait.
//!
//! Beside the System V [`Semaphore`](crate::Semaphore), not in its place. It costs a twentieth, has one counter instead of
//! a set, and **no undo**: who is killed with a unit never gives it back. Where a holder can die, a
//! [`Lock`](crate::Lock) tells the next of it, and [`Semaphore::take_undo`](crate::Semaphore::take_undo) gives back.

use std::ffi::OsStr;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::block::{self, Stop};
use crate::error::{Error, Result};
use crate::lock::LOOK_AGAIN;
use crate::shared::{self, Memory};
use crate::signal;
use crate::sys::shared::Shared;
use crate::time::Deadline;

/// The greatest value.
pub const MAX: u32 = i32::MAX as u32;

/// In the counter's word: somebody may wait, and the next giver wakes one.
const WAITERS: u32 = 1 << 31;

const SIZE: usize = 8;

/// A semaphore that processes share by a name, a file, or by being forked. Any thread takes and gives.
#[derive(Debug)]
pub struct FutexSemaphore(Memory);

fn checked(value: u32) -> Result<u32> {
    if value <= MAX { Ok(value) } else { Err(Error::at("futex", format!("value {value}"), libc::EINVAL)) }
}

impl FutexSemaphore {
    /// The semaphore of that name, made with this value if there is none: however many processes do this at once, one
    /// makes it. Names are as for [`Lock::open`](crate::Lock::open). EINVAL for a value greater than [`MAX`].
    pub fn open(name: impl AsRef<OsStr>, value: u32, mode: u32) -> Result<FutexSemaphore> {
        let value = checked(value)?;
        let fill = |shared: &Shared| shared.word(shared::DATA).store(value, Ordering::Relaxed);
        shared::open("futex", name.as_ref(), (SIZE, SIZE), mode, fill).map(FutexSemaphore)
    }

    /// A semaphore without a name, for this process and the children it forks.
    pub fn anonymous(value: u32) -> Result<FutexSemaphore> {
        let semaphore = FutexSemaphore(shared::anonymous("futex", SIZE)?);
        semaphore.word().store(checked(value)?, Ordering::Relaxed);
        Ok(semaphore)
    }

    /// Takes the name away. Processes that have the semaphore open keep it; who opens the name later gets another one.
    /// What is no such semaphore keeps its name: [`Error::Invalid`].
    pub fn remove(name: impl AsRef<OsStr>) -> Result<()> {
        shared::remove("futex", name.as_ref())
    }

    #[inline]
    fn word(&self) -> &AtomicU32 {
        self.0.shared.word(shared::DATA)
    }

    /// How many units there are now.
    pub fn value(&self) -> u32 {
        self.word().load(Ordering::Relaxed) & !WAITERS
    }

    /// Takes one, waiting until there is one.
    #[inline]
    pub fn take(&self, deadline: Deadline) -> Result<()> {
        let now = self.word().load(Ordering::Relaxed);
        if now & !WAITERS != 0
            && self.word().compare_exchange(now, now - 1, Ordering::Acquire, Ordering::Relaxed).is_ok()
        {
            return Ok(());
        }
        self.wait(deadline)
    }

    /// Nobody sleeps on while there are units: who gives wakes one of those that sleep and takes the mark away, and who
    /// was woken puts it back when he takes, for those who sleep still, and wakes the next if more units have come. Who
    /// gives up may have been woken in that instant, and does the same.
    #[cold]
    fn wait(&self, deadline: Deadline) -> Result<()> {
        let word = self.word();
        let mut waited = false;
        loop {
            let now = word.load(Ordering::Relaxed);
            if now & !WAITERS != 0 {
                let left = if waited { (now - 1) | WAITERS } else { now - 1 };
                if word.compare_exchange(now, left, Ordering::Acquire, Ordering::Relaxed).is_err() {
                    continue;
                }
                if waited && left & !WAITERS != 0 {
                    self.0.shared.wake_one(shared::DATA);
                }
                return Ok(());
            }
            if deadline.passed() {
                return Err(self.give_up(waited, Stop::Timeout));
            }
            if now == 0 && word.compare_exchange(0, WAITERS, Ordering::Relaxed, Ordering::Relaxed).is_err() {
                continue;
            }
            block::call(|due| {
                // Not for ever: who was woken can be killed before he takes, and then nobody wakes the next.
                let left = deadline.left().unwrap_or(LOOK_AGAIN).min(LOOK_AGAIN);
                self.0.shared.wait_while(due, shared::DATA, WAITERS, left)
            })
            .and_then(|()| signal::look())
            .map_err(|stop| self.give_up(true, stop))?;
            waited = true;
        }
    }

    #[cold]
    fn give_up(&self, waited: bool, why: Stop) -> Error {
        // With no unit there the mark makes the next giver wake somebody.
        if waited && self.word().fetch_or(WAITERS, Ordering::Relaxed) & !WAITERS != 0 {
            self.0.shared.wake_one(shared::DATA);
        }
        why.at("futex", self.0.path())
    }

    /// Gives one, whoever took it; EOVERFLOW beyond [`MAX`].
    #[inline]
    pub fn give(&self) -> Result<()> {
        let word = self.word();
        let mut now = word.load(Ordering::Relaxed);
        loop {
            let value = now & !WAITERS;
            if value == MAX {
                return Err(self.0.failed("futex", libc::EOVERFLOW));
            }
            match word.compare_exchange_weak(now, value + 1, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => break,
                Err(other) => now = other,
            }
        }
        if now & WAITERS != 0 {
            self.0.shared.wake_one(shared::DATA);
        }
        Ok(())
    }
}
