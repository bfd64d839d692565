//! Memory that processes share by a name, a file, or by being forked: what a [`Lock`](crate::Lock), a
//! [`Value`](crate::Value) and a [`FutexSemaphore`](crate::FutexSemaphore) lie in.
//!
//! It gets its name when it is whole, so that nobody ever sees a part of it, and has all its room on the device by then,
//! so that no store into it can fail later.

use std::ffi::{CString, OsStr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::Ordering;

use crate::block::CALM;
use crate::error::{Error, Result};
use crate::sys;
use crate::sys::shared::{self as raw, Shared};
use crate::sysv;

/// What stands behind the mutex, so that nothing else is taken for it.
const MAGIC: usize = Shared::BODY;
const SIZE: usize = Shared::BODY + 8;
/// Which process has the mutex: its [`identity`](crate::child::identity); 0 none, or it has not said so yet.
pub(crate) const HOLDER: usize = Shared::BODY + 16;
/// Where the data begins.
pub(crate) const DATA: usize = Shared::BODY + 64;
const OTHERS_WRITE: u32 = 0o022;

/// Tells each kind of memory from the others.
fn mark(kind: &str) -> u64 {
    let mut mark = *b"perlipc ";
    mark[7] = kind.as_bytes().first().copied().unwrap_or(b' ');
    u64::from_ne_bytes(mark)
}

/// Where the memory of that name is: a path if there is a slash in it, else a file of /dev/shm.
fn place(kind: &'static str, name: &OsStr) -> Result<CString> {
    let name = name.as_bytes();
    if name.is_empty() {
        return Err(Error::invalid(kind, "an empty name"));
    }
    let machines = format!("/dev/shm/perlipc-{kind}-");
    let path = if name.contains(&b'/') { name.to_vec() } else { [machines.as_bytes(), name].concat() };
    CString::new(path).map_err(|_| Error::invalid(kind, "a NUL in the name"))
}

/// A new file that has not got its name yet.
struct Fresh {
    file: OwnedFd,
    /// The name that it has meanwhile where a file cannot be without one.
    temporary: Option<CString>,
}

impl Fresh {
    fn unnamed(directory: &[u8], mode: u32) -> sys::Result<Fresh> {
        let directory = CString::new(directory).map_err(|_| libc::EINVAL)?;
        Ok(Fresh { file: raw::unnamed(&directory, mode)?, temporary: None })
    }

    /// Who is killed before it gets its name leaves the temporary one behind, which hinders nobody.
    fn named(directory: &[u8], mode: u32) -> sys::Result<Fresh> {
        for number in 0.. {
            let name = format!("/.perlipc-{}-{number}", std::process::id());
            let name = CString::new([directory, name.as_bytes()].concat()).map_err(|_| libc::EINVAL)?;
            match sys::open(&CALM, &name, libc::O_RDWR | libc::O_CREAT | libc::O_EXCL, mode) {
                Err(libc::EEXIST) => {}
                Err(errno) => return Err(errno),
                Ok(file) => return Ok(Fresh { file, temporary: Some(name) }),
            }
        }
        Err(libc::EEXIST)
    }

    /// Gives it its name; EEXIST when that is taken.
    fn name(&self, path: &CString) -> sys::Result<()> {
        match &self.temporary {
            None => raw::link(self.file.as_fd(), path),
            Some(temporary) => raw::link_again(temporary, path),
        }
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            let _ = sys::files::unlink(temporary);
        }
    }
}

/// The memory, and what its user is told of it.
#[derive(Debug)]
pub(crate) struct Memory {
    pub(crate) shared: Shared,
    /// Empty: it has none.
    path: Box<[u8]>,
    /// Whether only its owner may write to it.
    pub(crate) private: bool,
}

impl Memory {
    /// Its name in an error.
    #[cold]
    pub(crate) fn path(&self) -> &[u8] {
        &self.path
    }

    #[cold]
    pub(crate) fn failed(&self, step: &'static str, errno: i32) -> Error {
        Error::at(step, &self.path, errno)
    }
}

/// Memory with a mutex and `room` bytes of data, by a name; `fill` is for who makes it. `size` is what users know of
/// it: all who open it say the same.
pub(crate) fn open(
    kind: &'static str,
    name: &OsStr,
    (size, room): (usize, usize),
    mode: u32,
    fill: impl Fn(&Shared),
) -> Result<Memory> {
    let path = place(kind, name)?;
    let directory = match path.to_bytes().iter().rposition(|byte| *byte == b'/') {
        Some(0) | None => b"/".as_slice(),
        Some(end) => path.to_bytes().get(..end).unwrap_or_default(),
    };
    let failed = |errno| Error::at(kind, path.to_bytes(), errno);
    let mode = mode & 0o777;
    let mut unnamed = true;
    loop {
        match sys::open(&CALM, &path, libc::O_RDWR | libc::O_NOFOLLOW | libc::O_NONBLOCK, 0) {
            Ok(file) => return attach(kind, &path, file, (size, room)),
            Err(libc::ENOENT) => {}
            Err(errno) => return Err(failed(errno)),
        }
        let fresh = if unnamed { Fresh::unnamed(directory, mode) } else { Fresh::named(directory, mode) };
        let fresh = match fresh {
            // The file system has no files without a name.
            Err(libc::EOPNOTSUPP | libc::EISDIR) if unnamed => {
                unnamed = false;
                continue;
            }
            other => other.map_err(failed)?,
        };
        let len = DATA.checked_add(room).ok_or_else(|| failed(libc::ENOMEM))?;
        raw::allocate(fresh.file.as_fd(), len).map_err(failed)?;
        let made = make(kind, Some(fresh.file.as_fd()), len, size).map_err(failed)?;
        fill(&made);
        match fresh.name(&path) {
            Ok(()) => {
                return Ok(Memory { shared: made, path: path.to_bytes().into(), private: mode & OTHERS_WRITE == 0 });
            }
            // Another process was quicker.
            Err(libc::EEXIST) => {}
            // There is no /proc to name it by.
            Err(libc::ENOENT) if unnamed => unnamed = false,
            Err(errno) => return Err(failed(errno)),
        }
    }
}

fn make(kind: &str, file: Option<BorrowedFd<'_>>, len: usize, size: usize) -> sys::Result<Shared> {
    let shared = Shared::map(file, len)?;
    shared.make_mutex()?;
    shared.number(SIZE).store(size as u64, Ordering::Relaxed);
    shared.number(MAGIC).store(mark(kind), Ordering::Release);
    Ok(shared)
}

/// Memory with a mutex and `size` bytes of data that only this process and its children have.
pub(crate) fn anonymous(kind: &'static str, size: usize) -> Result<Memory> {
    let len = DATA.checked_add(size).ok_or_else(|| Error::os(kind, libc::ENOMEM))?;
    let shared = make(kind, None, len, size).map_err(|errno| Error::os(kind, errno))?;
    Ok(Memory { shared, path: Box::default(), private: true })
}

fn attach(kind: &'static str, path: &CString, file: OwnedFd, (size, room): (usize, usize)) -> Result<Memory> {
    let name = String::from_utf8_lossy(path.to_bytes());
    let failed = |errno| Error::at(kind, path.to_bytes(), errno);
    let found = sys::fstat(file.as_raw_fd()).map_err(failed)?;
    if !sysv::may_trust(found.st_uid) {
        return Err(Error::at(kind, format!("{name} (made by uid {})", found.st_uid), libc::EACCES));
    }
    let len = usize::try_from(found.st_size).unwrap_or(0);
    if !is_plain(&found) || len < DATA {
        return Err(stranger(kind, path));
    }
    let shared = Shared::map(Some(file.as_fd()), len).map_err(failed)?;
    if shared.number(MAGIC).load(Ordering::Acquire) != mark(kind) {
        return Err(stranger(kind, path));
    }
    let there = shared.number(SIZE).load(Ordering::Relaxed);
    if there == size as u64 && len - DATA != room {
        return Err(stranger(kind, path));
    }
    if there != size as u64 {
        return Err(Error::invalid(kind, format!("{name} has another size: {there} bytes, not {size}")));
    }
    Ok(Memory { shared, path: path.to_bytes().into(), private: found.st_mode & OTHERS_WRITE == 0 })
}

/// Takes the name away; who has the memory keeps it. What is something else keeps its name.
pub(crate) fn remove(kind: &'static str, name: &OsStr) -> Result<()> {
    let path = place(kind, name)?;
    let failed = |errno| Error::at(kind, path.to_bytes(), errno);
    // Before it is opened, for opening another thing could do something already.
    if !is_plain(&sys::files::stat(&path).map_err(failed)?) {
        return Err(stranger(kind, &path));
    }
    let file = sys::open(&CALM, &path, libc::O_RDONLY | libc::O_NOFOLLOW | libc::O_NONBLOCK, 0).map_err(failed)?;
    let mut front = [0; DATA];
    let len = sys::read(&CALM, file.as_raw_fd(), &mut front).map_err(failed)?;
    if len < DATA || front.get(MAGIC..SIZE) != Some(&mark(kind).to_ne_bytes()) {
        return Err(stranger(kind, &path));
    }
    sys::files::unlink(&path).map_err(failed)
}

fn is_plain(found: &libc::stat) -> bool {
    found.st_mode & libc::S_IFMT == libc::S_IFREG
}

#[cold]
fn stranger(kind: &'static str, path: &CString) -> Error {
    Error::invalid(kind, format!("{} is something else", path.to_string_lossy()))
}
