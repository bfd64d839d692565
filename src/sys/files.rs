//! Names in the file system: made, looked at, removed.

use std::ffi::{CStr, CString};
use std::os::fd::{OwnedFd, RawFd};

use super::{Result, raw};

const HERE: usize = libc::AT_FDCWD as usize;

/// mkfifo(3).
pub(crate) fn mkfifo(path: &CStr, mode: u32) -> Result<()> {
    let mode = libc::S_IFIFO | (mode & 0o7777);
    // SAFETY: a C string and plain numbers.
    unsafe { raw(libc::SYS_mknodat, [HERE, path.as_ptr() as usize, mode as usize, 0]) }.map(drop)
}

/// A pipe or FIFO opened once more, the same way, and set not to wait.
pub(crate) fn open_again(fd: RawFd) -> Result<OwnedFd> {
    let way = super::file_flags(fd)? & libc::O_ACCMODE;
    let path = CString::new(format!("/proc/self/fd/{fd}")).map_err(|_| libc::EINVAL)?;
    super::open(&super::CALM, &path, way | libc::O_NONBLOCK, 0)
}

pub(crate) fn mkdir(path: &CStr, mode: u32) -> Result<()> {
    // SAFETY: a C string and plain numbers.
    unsafe { raw(libc::SYS_mkdirat, [HERE, path.as_ptr() as usize, mode as usize]) }.map(drop)
}

pub(crate) fn unlink(path: &CStr) -> Result<()> {
    // SAFETY: a C string and plain numbers.
    unsafe { raw(libc::SYS_unlinkat, [HERE, path.as_ptr() as usize, 0]) }.map(drop)
}

pub(crate) fn rmdir(path: &CStr) -> Result<()> {
    // SAFETY: a C string and plain numbers.
    unsafe { raw(libc::SYS_unlinkat, [HERE, path.as_ptr() as usize, libc::AT_REMOVEDIR as usize]) }.map(drop)
}

pub(crate) fn chmod(path: &CStr, mode: u32) -> Result<()> {
    // SAFETY: a C string and plain numbers.
    unsafe { raw(libc::SYS_fchmodat, [HERE, path.as_ptr() as usize, mode as usize]) }.map(drop)
}

/// What the path names, links followed.
pub(crate) fn stat(path: &CStr) -> Result<libc::stat> {
    stat_by(path, 0)
}

/// Whether the path, links followed, names a thing of that kind (S_IFIFO ...). What is missing is none, and so is a name that
/// leads nowhere: a circle of links, one that is too long.
pub(crate) fn is_kind(path: &CStr, kind: libc::mode_t) -> Result<bool> {
    match stat(path) {
        Ok(stat) => Ok(stat.st_mode & libc::S_IFMT == kind),
        Err(libc::ENOENT | libc::ENOTDIR | libc::ELOOP | libc::ENAMETOOLONG) => Ok(false),
        Err(errno) => Err(errno),
    }
}

/// What the path names; a symbolic link itself.
pub(crate) fn lstat(path: &CStr) -> Result<libc::stat> {
    stat_by(path, libc::AT_SYMLINK_NOFOLLOW)
}

fn stat_by(path: &CStr, flags: i32) -> Result<libc::stat> {
    // SAFETY: all-zero is a stat; on x86-64 the kernel's and libc's are the same.
    let mut stat: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: a C string and a valid out-pointer.
    unsafe { raw(libc::SYS_newfstatat, [HERE, path.as_ptr() as usize, &raw mut stat as usize, flags as usize]) }?;
    Ok(stat)
}

/// Copies one byte from a pipe to another without taking it: EAGAIN when it is empty, 0 when nobody can write to it.
pub(crate) fn tee_one(from: RawFd, to: RawFd) -> Result<usize> {
    // SAFETY: plain numbers.
    unsafe { raw(libc::SYS_tee, [from as usize, to as usize, 1, libc::SPLICE_F_NONBLOCK as usize]) }
}

/// Random bytes.
pub(crate) fn random() -> Result<u64> {
    let mut bytes = [0u8; 8];
    // SAFETY: eight bytes to write.
    unsafe { raw(libc::SYS_getrandom, [bytes.as_mut_ptr() as usize, 8, 0]) }?;
    Ok(u64::from_ne_bytes(bytes))
}
