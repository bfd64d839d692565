//! A lock between processes that survives its holder: whoever is killed with it, at whatever instant, the next one
//! gets it and is told.
//!
//! It is libc's robust process-shared mutex in memory that the processes share. Its rule of threads: the thread that
//! took it has it, gives it back, and its end counts as the holder's death.

use std::ffi::CString;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::block::{self, CALM, Stop, Wait};
use crate::error::{Error, Result};
use crate::sys;
use crate::sys::shared::{self, Shared};
use crate::sysv;
use crate::time::Deadline;

/// A wait looks again after that long, in nanoseconds: a waiter can be killed in the instant after it was woken and
/// before it has the lock, and then nobody wakes the next.
const LOOK_AGAIN: u64 = 100_000_000;

/// What stands behind the mutex, so that nothing else is taken for it.
const MAGIC: usize = Shared::BODY;
const SIZE: usize = Shared::BODY + 8;
/// Where the data of a shared value begins.
pub(crate) const DATA: usize = Shared::BODY + 64;
const OTHERS_WRITE: u32 = 0o022;
const MARK: u64 = u64::from_ne_bytes(*b"perlipc1");

/// A lock that processes share by a name, a file, or by being forked.
#[derive(Debug)]
pub struct Lock {
    shared: Shared,
    /// The thread of this process that has it; 0 none.
    holder: AtomicUsize,
    /// Whether only its owner may write to it.
    private: bool,
}

/// How the lock was come by.
pub(crate) enum Taken {
    Free,
    /// Its holder died with it.
    Died,
    /// This thread had it already.
    Mine,
}

/// Where the memory of that name is: a path if there is a slash in it, else a file of /dev/shm.
fn place(step: &'static str, kind: &str, name: &str) -> Result<CString> {
    if name.is_empty() {
        return Err(Error::invalid(step, "an empty name"));
    }
    let path = if name.contains('/') { name.to_owned() } else { format!("/dev/shm/perlipc-{kind}-{name}") };
    CString::new(path).map_err(|_| Error::invalid(step, "a NUL in the name"))
}

/// Memory with a mutex and `size` bytes of data, by a name. It gets the name when it is whole, so nobody ever sees a
/// part of it.
pub(crate) fn open_shared(kind: &'static str, name: &str, size: usize, mode: u32) -> Result<(Shared, bool)> {
    let path = place(kind, kind, name)?;
    let failed = |errno| Error::at(kind, path.to_bytes(), errno);
    loop {
        match sys::open(&CALM, &path, libc::O_RDWR | libc::O_NOFOLLOW | libc::O_NONBLOCK, 0) {
            Ok(file) => return attach(kind, &path, file, size),
            Err(libc::ENOENT) => {}
            Err(errno) => return Err(failed(errno)),
        }
        let len = DATA.checked_add(size).ok_or_else(|| failed(libc::ENOMEM))?;
        let directory = match path.to_bytes().iter().rposition(|byte| *byte == b'/') {
            Some(0) | None => CString::from(c"/"),
            Some(end) => CString::new(path.to_bytes().get(..end).unwrap_or_default()).unwrap_or_default(),
        };
        let file = shared::unnamed(&directory, mode & 0o777).map_err(failed)?;
        shared::allocate(file.as_fd(), len).map_err(failed)?;
        let made = make(Some(&file), len, size).map_err(failed)?;
        match shared::link(file.as_fd(), &path) {
            Ok(()) => return Ok((made, mode & OTHERS_WRITE == 0)),
            // Another process was quicker.
            Err(libc::EEXIST) => {}
            Err(errno) => return Err(failed(errno)),
        }
    }
}

fn make(file: Option<&OwnedFd>, len: usize, size: usize) -> sys::Result<Shared> {
    let shared = Shared::map(file.map(AsFd::as_fd), len)?;
    shared.make_mutex()?;
    shared.number(SIZE).store(size as u64, Ordering::Relaxed);
    shared.number(MAGIC).store(MARK, Ordering::Release);
    Ok(shared)
}

/// Memory with a mutex and `size` bytes of data that only this process and its children have.
pub(crate) fn anonymous_shared(kind: &'static str, size: usize) -> Result<Shared> {
    let len = DATA.checked_add(size).ok_or_else(|| Error::os(kind, libc::ENOMEM))?;
    make(None, len, size).map_err(|errno| Error::os(kind, errno))
}

fn attach(kind: &'static str, path: &CString, file: OwnedFd, size: usize) -> Result<(Shared, bool)> {
    let name = String::from_utf8_lossy(path.to_bytes());
    let failed = |errno| Error::at(kind, path.to_bytes(), errno);
    let found = sys::fstat(file.as_raw_fd()).map_err(failed)?;
    if !sysv::may_trust(found.st_uid) {
        return Err(Error::at(kind, format!("{name} (made by uid {})", found.st_uid), libc::EACCES));
    }
    let stranger = || Error::invalid(kind, format!("{name} is something else"));
    let len = usize::try_from(found.st_size).unwrap_or(0);
    if found.st_mode & libc::S_IFMT != libc::S_IFREG || len < DATA {
        return Err(stranger());
    }
    let shared = Shared::map(Some(file.as_fd()), len).map_err(failed)?;
    if shared.number(MAGIC).load(Ordering::Acquire) != MARK {
        return Err(stranger());
    }
    let there = shared.number(SIZE).load(Ordering::Relaxed);
    if there != size as u64 || (len - DATA) as u64 != there {
        return Err(Error::invalid(kind, format!("{name} has another size: {there} bytes, not {size}")));
    }
    Ok((shared, found.st_mode & OTHERS_WRITE == 0))
}

/// Takes the name away; who has the memory keeps it.
pub(crate) fn remove_shared(kind: &'static str, name: &str) -> Result<()> {
    let path = place(kind, kind, name)?;
    shared::unlink(&path).map_err(|errno| Error::at(kind, path.to_bytes(), errno))
}

impl Lock {
    /// The lock of that name, made if there is none. A name without a slash is this machine's (in /dev/shm), one with a
    /// slash is a file. It must be of our own making or root's: EACCES else.
    pub fn open(name: &str, mode: u32) -> Result<Lock> {
        open_shared("lock", name, 0, mode).map(|(shared, private)| Lock::over(shared, private))
    }

    /// A lock without a name, for this process and the children it forks.
    pub fn anonymous() -> Result<Lock> {
        anonymous_shared("lock", 0).map(|shared| Lock::over(shared, true))
    }

    /// Takes the name away. Processes that have the lock open keep it; who opens the name later gets another one.
    pub fn remove(name: &str) -> Result<()> {
        remove_shared("lock", name)
    }

    pub(crate) fn over(shared: Shared, private: bool) -> Lock {
        Lock { shared, holder: AtomicUsize::new(0), private }
    }

    pub(crate) fn is_private(&self) -> bool {
        self.private
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Takes it, waiting for it. `Ok(true)`: the holder before died with it, and what it guards may be half done.
    /// EDEADLK when this thread has it already.
    #[inline]
    pub fn take(&self, deadline: Deadline) -> Result<bool> {
        match self.take_any(deadline) {
            Ok(Taken::Free) => Ok(false),
            Ok(Taken::Died) => Ok(true),
            Ok(Taken::Mine) => Err(Error::os("lock", libc::EDEADLK)),
            Err(stop) => Err(stop.error("lock")),
        }
    }

    #[inline]
    pub(crate) fn take_any(&self, deadline: Deadline) -> Wait<Taken> {
        let mut waited = false;
        loop {
            let taken = match self.shared.try_lock() {
                Ok(false) => Taken::Free,
                Ok(true) => Taken::Died,
                Err(libc::EDEADLK) => return Ok(Taken::Mine),
                Err(libc::EBUSY) => {
                    self.wait(deadline)?;
                    waited = true;
                    continue;
                }
                Err(errno) => return Err(Stop::Errno(errno)),
            };
            if waited {
                self.shared.mark_waiters();
            }
            self.holder.store(sys::thread_self(), Ordering::Relaxed);
            return Ok(taken);
        }
    }

    #[cold]
    fn wait(&self, deadline: Deadline) -> Wait<()> {
        if deadline.passed() {
            return Err(Stop::Timeout);
        }
        block::call(|word| {
            let left = deadline.left().unwrap_or(LOOK_AGAIN);
            self.shared.wait_unlock(word, left.min(LOOK_AGAIN))
        })
    }

    /// Gives it back; EPERM when this thread does not have it.
    #[inline]
    pub fn give(&self) -> Result<()> {
        // Another thread may take it, and say so, in the instant after.
        let holder = self.holder.swap(0, Ordering::Relaxed);
        self.shared.unlock().map_err(|errno| {
            self.holder.store(holder, Ordering::Relaxed);
            Error::os("unlock", errno)
        })
    }
}

impl Drop for Lock {
    /// Gives it back if this thread has it.
    fn drop(&mut self) {
        let holder = self.holder.load(Ordering::Relaxed);
        if holder == sys::thread_self() {
            let _ = self.shared.unlock();
        } else if holder != 0 {
            // libc's list of what that thread holds goes through this memory.
            self.shared.keep();
        }
    }
}
