//! System V semaphores: Perl's `semget`, `semop`, `semctl`, and sets that nobody sees uninitialised.

use crate::block::{self, Stop, Wait};
use crate::error::{Error, Result};
use crate::sys::sysv as raw;
use crate::sysv::{self, Change, Owner};
use crate::time::Deadline;

pub use crate::sys::sysv::Op;

/// Take the change back when the process ends (an operation's flag).
pub const UNDO: i16 = libc::SEM_UNDO as i16;
/// Fail with EAGAIN where the operation would wait (an operation's flag).
pub const NO_WAIT: i16 = libc::IPC_NOWAIT as i16;
/// The greatest value.
pub const MAX: i32 = 32767;

/// A set of semaphores by its id: a plain number, free to copy; dropping it does nothing. It lives until
/// [`remove`](Semaphore::remove).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Semaphore(i32);

/// What IPC_STAT knows of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// Whose it is.
    pub owner: Owner,
    /// How many semaphores.
    pub count: usize,
    /// When it was operated on last, in seconds of the epoch; 0 never: it is not initialised.
    pub operated: i64,
    /// When it was made or changed last.
    pub changed: i64,
}

impl Semaphore {
    /// Perl's `semget`: the flags are permissions, [`sysv::CREATE`] and [`sysv::EXCLUSIVE`]. What it creates has zeros
    /// and counts as uninitialised for [`attach`](Semaphore::attach) until the first operation on it.
    pub fn get(key: i32, count: i32, flags: i32) -> Result<Semaphore> {
        raw::semget(key, count, flags).map(Semaphore).map_err(|errno| match errno {
            libc::ENOSPC => {
                let wanted = sysv::semaphores_in_use() + u64::try_from(count).unwrap_or(0);
                let semaphores = sysv::limit("semmns").is_some_and(|limit| wanted > limit);
                sysv::beyond("semget", if semaphores { "semmns" } else { "semmni" }, errno)
            }
            libc::EINVAL if sysv::limit("semmsl").is_some_and(|limit| i64::from(count) > limit as i64) => {
                sysv::beyond("semget", "semmsl", errno)
            }
            _ => sysv::no_get("semget", key, errno, || {
                let stat = raw::stat::<raw::Sem>(raw::semget(key, 0, 0).ok()?).ok()?;
                Some(counted(stat.sem_nsems))
            }),
        })
    }

    /// The set with that id, not asked whether it exists.
    pub fn from_id(id: i32) -> Semaphore {
        Semaphore(id)
    }

    /// Its id.
    pub fn id(self) -> i32 {
        self.0
    }

    /// Makes a set with these values; EEXIST when there is one. Who attaches with [`attach`](Semaphore::attach) or
    /// [`open`](Semaphore::open) waits until the values are there.
    pub fn create(key: i32, values: &[i32], mode: u32) -> Result<Semaphore> {
        let values = checked(values)?;
        let count = i32::try_from(values.len()).unwrap_or(i32::MAX);
        let set = Semaphore::get(key, count, sysv::CREATE | sysv::EXCLUSIVE | (mode & 0o777) as i32)?;
        set.initialise(&values).inspect_err(|_| drop(set.remove()))?;
        Ok(set)
    }

    /// Sets the values, and then makes the one mark that tells a set in use from a fresh one: the time of its last
    /// operation, which SETALL leaves alone. The operation changes nothing that anybody could see.
    fn initialise(self, values: &[u16]) -> Result<()> {
        raw::sem_set_values(self.0, values).map_err(|errno| self.failed("semctl", errno))?;
        let up = Op { index: 0, change: 1, flags: NO_WAIT };
        let down = Op { change: -1, ..up };
        let zero = values.first() == Some(&0);
        let touch = if zero { [up, down] } else { [down, up] };
        match raw::semop(&block::CALM, self.0, &touch) {
            // Not possible: somebody who did not wait has changed it, and that was an operation.
            Ok(()) | Err(libc::EAGAIN | libc::ERANGE) => Ok(()),
            Err(errno) => Err(self.failed("semop", errno)),
        }
    }

    /// The set with that key, once its creator has initialised it.
    pub fn attach(key: i32, deadline: Deadline) -> Result<Semaphore> {
        let set = Semaphore::get(key, 0, 0)?;
        set.initialised(deadline)?;
        Ok(set)
    }

    fn initialised(self, deadline: Deadline) -> Result<()> {
        // The kernel has no way to wait for this; the creator needs two calls for it.
        let ready = || raw::stat::<raw::Sem>(self.0).map(|stat| (stat.sem_otime != 0).then_some(()));
        block::try_until(deadline, ready).map_err(|stop| match stop {
            Stop::Errno(errno) => self.failed("semctl", errno),
            stop => stop.at("attach", self.0.to_string()),
        })
    }

    /// The set with that key, made with these values if there is none: however many processes do this at once, one
    /// creates, and all see the values.
    pub fn open(key: i32, values: &[i32], mode: u32, deadline: Deadline) -> Result<Semaphore> {
        loop {
            let opened = match Semaphore::create(key, values, mode) {
                Err(error) if error.errno() == libc::EEXIST => {
                    let found = Semaphore::get(key, i32::try_from(values.len()).unwrap_or(i32::MAX), 0);
                    found.and_then(|set| set.initialised(deadline).map(|()| set))
                }
                other => other,
            };
            match opened {
                // Removed in between: then it is ours to create.
                Err(error) if error.errno() == libc::ENOENT => {}
                Err(Error::Removed { .. }) => {}
                other => return other,
            }
            if deadline.passed() {
                return Err(Error::Timeout { step: "attach", path: format!("{key:#x}").into() });
            }
        }
    }

    /// The same by a name, whose set must be of our own making or root's: EACCES else.
    pub fn open_named(name: &str, values: &[i32], mode: u32, deadline: Deadline) -> Result<Semaphore> {
        sysv::opened(|| {
            let set = Semaphore::open(sysv::key(name), values, mode, deadline)?;
            set.stat()?.owner.trusted("semget", name)?;
            Ok(set)
        })
    }

    #[cold]
    fn failed(self, step: &'static str, errno: i32) -> Error {
        match errno {
            libc::E2BIG => sysv::beyond(step, "semopm", errno),
            _ => sysv::failed::<raw::Sem>(step, self.0, errno),
        }
    }

    /// The same where the set has perhaps no such semaphore, which the kernel calls a file too large.
    #[cold]
    fn failed_of(self, step: &'static str, index: u16, errno: i32) -> Error {
        match raw::stat::<raw::Sem>(self.0) {
            Ok(stat) if matches!(errno, libc::EFBIG | libc::EINVAL) && u64::from(index) >= stat.sem_nsems => {
                let has = counted(stat.sem_nsems);
                Error::at(step, format!("{} (which has {has}, no number {index})", self.0), errno)
            }
            _ => self.failed(step, errno),
        }
    }

    /// Perl's `semop`: all operations at once or none, waiting until they can be done. EAGAIN when an operation that
    /// says [`NO_WAIT`] would have to wait; the deadline is a [`Error::Timeout`].
    #[inline(always)]
    pub fn op(self, ops: &[Op], deadline: Deadline) -> Result<()> {
        let answer = if deadline.is_never() {
            block::call(|word| raw::semop(word, self.0, ops))
        } else {
            self.until(ops, deadline)
        };
        match answer {
            Ok(()) => Ok(()),
            Err(stop) => Err(self.stopped(stop, ops, deadline)),
        }
    }

    fn until(self, ops: &[Op], deadline: Deadline) -> Wait<()> {
        block::call(|word| raw::semtimedop(word, self.0, ops, deadline.left().unwrap_or(u64::MAX)))
    }

    #[cold]
    fn stopped(self, stop: Stop, ops: &[Op], deadline: Deadline) -> Error {
        // The kernel says the same for both.
        let waits = |op: &Op| op.flags & NO_WAIT == 0;
        let late = || ops.iter().all(waits) || ops.iter().any(waits) && deadline.passed();
        match stop {
            Stop::Errno(libc::EAGAIN) if !deadline.is_never() && late() => {
                Stop::Timeout.at("semop", self.0.to_string())
            }
            Stop::Errno(errno) => self.failed_of("semop", ops.iter().map(|op| op.index).max().unwrap_or(0), errno),
            stop => stop.at("semop", self.0.to_string()),
        }
    }

    /// Perl's opstring, `pack("s*", index, change, flags, ...)`. EINVAL when it is empty or no whole number of triples.
    pub fn op_packed(self, ops: &[u8], deadline: Deadline) -> Result<()> {
        let (triples, rest) = ops.as_chunks::<6>();
        if triples.is_empty() || !rest.is_empty() {
            return Err(self.failed("semop", libc::EINVAL));
        }
        let op = |t: &[u8; 6]| Op {
            index: u16::from_ne_bytes([t[0], t[1]]),
            change: i16::from_ne_bytes([t[2], t[3]]),
            flags: i16::from_ne_bytes([t[4], t[5]]),
        };
        // One and two are what nearly all have.
        match triples {
            [one] => self.op(&[op(one)], deadline),
            [one, two] => self.op(&[op(one), op(two)], deadline),
            many => self.op(&many.iter().map(op).collect::<Vec<_>>(), deadline),
        }
    }

    /// Takes one of semaphore `index`, waiting until there is one.
    ///
    /// The programs of Perl's manual count the other way (0 is free, 1 is taken): theirs is `op` with two operations.
    #[inline(always)]
    pub fn take(self, index: u16, deadline: Deadline) -> Result<()> {
        self.op(&[Op { index, change: -1, flags: 0 }], deadline)
    }

    /// Gives one back.
    #[inline(always)]
    pub fn give(self, index: u16) -> Result<()> {
        self.op(&[Op { index, change: 1, flags: 0 }], Deadline::NEVER)
    }

    /// [`take`](Semaphore::take), given back by the kernel when this process ends without giving.
    pub fn take_undo(self, index: u16, deadline: Deadline) -> Result<()> {
        self.op(&[Op { index, change: -1, flags: UNDO }], deadline)
    }

    /// [`give`](Semaphore::give) of what was taken with [`take_undo`](Semaphore::take_undo).
    pub fn give_undo(self, index: u16) -> Result<()> {
        self.op(&[Op { index, change: 1, flags: UNDO }], Deadline::NEVER)
    }

    fn ask(self, index: u16, command: i32) -> Result<i32> {
        raw::sem_ask(self.0, i32::from(index), command).map_err(|errno| self.failed_of("semctl", index, errno))
    }

    /// GETVAL.
    pub fn value(self, index: u16) -> Result<i32> {
        self.ask(index, libc::GETVAL)
    }

    /// GETPID: who operated on it last.
    pub fn pid(self, index: u16) -> Result<i32> {
        self.ask(index, libc::GETPID)
    }

    /// GETNCNT: how many wait for more.
    pub fn waiting(self, index: u16) -> Result<i32> {
        self.ask(index, libc::GETNCNT)
    }

    /// GETZCNT: how many wait for zero.
    pub fn waiting_for_zero(self, index: u16) -> Result<i32> {
        self.ask(index, libc::GETZCNT)
    }

    /// SETVAL. What processes have to undo on this semaphore is forgotten.
    pub fn set(self, index: u16, value: i32) -> Result<()> {
        checked(&[value])?;
        raw::sem_set(self.0, i32::from(index), value).map_err(|errno| self.failed_of("semctl", index, errno))
    }

    /// GETALL.
    pub fn values(self) -> Result<Vec<i32>> {
        let values = raw::sem_values(self.0).map_err(|errno| self.failed("semctl", errno))?;
        Ok(values.into_iter().map(i32::from).collect())
    }

    /// SETALL: as many as there are.
    pub fn set_values(self, values: &[i32]) -> Result<()> {
        let count = values.len();
        let values = checked(values)?;
        raw::sem_set_values(self.0, &values).map_err(|errno| match raw::stat::<raw::Sem>(self.0) {
            Ok(stat) if errno == libc::EINVAL && stat.sem_nsems != count as u64 => {
                let has = counted(stat.sem_nsems);
                Error::at("semctl", format!("{} (which has {has}, not {count})", self.0), errno)
            }
            _ => self.failed("semctl", errno),
        })
    }

    /// IPC_STAT.
    pub fn stat(self) -> Result<Stat> {
        let stat = raw::stat::<raw::Sem>(self.0).map_err(|errno| self.failed("semctl", errno))?;
        Ok(Stat {
            owner: Owner::of(&stat.sem_perm),
            count: stat.sem_nsems as usize,
            operated: stat.sem_otime,
            changed: stat.sem_ctime,
        })
    }

    /// IPC_SET.
    pub fn change(self, change: Change) -> Result<()> {
        let failed = |errno| self.failed("semctl", errno);
        let mut stat = raw::stat::<raw::Sem>(self.0).map_err(failed)?;
        change.apply(&mut stat.sem_perm);
        raw::set::<raw::Sem>(self.0, &stat).map_err(failed)
    }

    /// IPC_STAT as Perl has it: the system's structure.
    pub fn stat_bytes(self) -> Result<Vec<u8>> {
        sysv::stat_bytes::<raw::Sem>("semctl", self.0)
    }

    /// IPC_SET as Perl has it.
    pub fn set_bytes(self, bytes: &[u8]) -> Result<()> {
        sysv::set_bytes::<raw::Sem>("semctl", self.0, bytes)
    }

    /// Removes it; who waits on it gets [`Error::Removed`].
    pub fn remove(self) -> Result<()> {
        raw::remove::<raw::Sem>(self.0).map_err(|errno| self.failed("semctl", errno))
    }
}

fn counted(semaphores: u64) -> String {
    if semaphores == 1 { "1 semaphore".to_owned() } else { format!("{semaphores} semaphores") }
}

/// Values as the kernel takes them.
fn checked(values: &[i32]) -> Result<Vec<u16>> {
    let value = |value: &i32| {
        let fits = u16::try_from(*value).ok().filter(|value| i32::from(*value) <= MAX);
        fits.ok_or_else(|| Error::at("semctl", format!("value {value}"), libc::ERANGE))
    };
    values.iter().map(value).collect()
}
