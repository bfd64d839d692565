//! The bare calls of the child between clone and exec: see [`crate::spawn`] for the rules. Nothing here allocates,
//! formats, indexes, unwinds or touches a thread's own variables (the feature `faults` apart).

use super::{SigSet, always, raw};

/// # Safety
/// In each function below: the pointers are to memory that was prepared before the child was started.
#[inline(always)]
pub(crate) unsafe fn execve(path: *const libc::c_char, argv: usize, envp: usize) -> i32 {
    // SAFETY: the caller's promise.
    match unsafe { raw(libc::SYS_execve, [path as usize, argv, envp]) } {
        Ok(_) => 0,
        Err(errno) => errno,
    }
}

macro_rules! plain {
    ($(#[$doc:meta])* $name:ident, $nr:ident $(, $arg:ident)*) => {
        $(#[$doc])*
        #[inline(always)]
        pub(crate) fn $name($($arg: usize),*) -> Result<usize, i32> {
            // SAFETY: plain numbers.
            unsafe { raw(libc::$nr, [$($arg),*]) }
        }
    };
}
plain!(dup2, SYS_dup2, from, to);
plain!(fcntl, SYS_fcntl, fd, command, value);
plain!(setsid, SYS_setsid);
plain!(setpgid, SYS_setpgid, pid, group);
plain!(ioctl, SYS_ioctl, fd, request, value);
plain!(umask, SYS_umask, mask);
plain!(setresuid, SYS_setresuid, real, effective, saved);
plain!(setresgid, SYS_setresgid, real, effective, saved);
plain!(prctl, SYS_prctl, option, value);
plain!(close_range, SYS_close_range, first, last, flags);

#[inline(always)]
pub(crate) fn close(fd: usize) {
    // SAFETY: plain numbers.
    unsafe { always(libc::SYS_close, [fd]) };
}

#[inline(always)]
pub(crate) fn getppid() -> i32 {
    // SAFETY: no arguments.
    unsafe { always(libc::SYS_getppid, []) as i32 }
}

#[inline(always)]
pub(crate) unsafe fn chdir(path: *const libc::c_char) -> Result<usize, i32> {
    // SAFETY: the caller's promise.
    unsafe { raw(libc::SYS_chdir, [path as usize]) }
}

#[inline(always)]
pub(crate) unsafe fn setgroups(count: usize, groups: *const u32) -> Result<usize, i32> {
    // SAFETY: the caller's promise.
    unsafe { raw(libc::SYS_setgroups, [count, groups as usize]) }
}

/// Real, effective and saved id, as the kernel has them now.
#[inline(always)]
pub(crate) fn getres(nr: i64, ids: &mut [u32; 3]) -> Result<usize, i32> {
    let at = ids.as_mut_ptr() as usize;
    // SAFETY: room for three ids.
    unsafe { raw(nr, [at, at + 4, at + 8]) }
}

#[inline(always)]
pub(crate) fn getgroups(room: &mut [u32]) -> Result<usize, i32> {
    // SAFETY: as many as there is room for.
    unsafe { raw(libc::SYS_getgroups, [room.len(), room.as_mut_ptr() as usize]) }
}

#[inline(always)]
pub(crate) fn setrlimit(resource: u32, limit: &[u64; 2]) -> Result<usize, i32> {
    // SAFETY: soft and hard limit, sixteen bytes; the old ones are not asked for.
    unsafe { raw(libc::SYS_prlimit64, [0, resource as usize, limit.as_ptr() as usize, 0]) }
}

#[inline(always)]
pub(crate) fn set_mask(set: SigSet) {
    // SAFETY: eight bytes to read.
    unsafe { always(libc::SYS_rt_sigprocmask, [libc::SIG_SETMASK as usize, &raw const set as usize, 0, 8]) };
}

/// The kernel's own sigaction: handler, flags, trampoline, mask.
#[inline(always)]
pub(crate) fn disposition(signal: usize) -> usize {
    let mut old = [0usize; 4];
    // SAFETY: 32 bytes to write.
    unsafe { always(libc::SYS_rt_sigaction, [signal, 0, old.as_mut_ptr() as usize, 8]) };
    let [handler, ..] = old;
    handler
}

#[inline(always)]
pub(crate) fn set_default(signal: usize) {
    let new = [libc::SIG_DFL, 0, 0, 0];
    // SAFETY: 32 bytes to read; the default needs no trampoline.
    unsafe { always(libc::SYS_rt_sigaction, [signal, new.as_ptr() as usize, 0, 8]) };
}

/// Directory entries, for the walk over the descriptors where close_range is missing.
#[inline(always)]
pub(crate) unsafe fn open_dir(path: *const libc::c_char) -> Result<usize, i32> {
    let flags = (libc::O_RDONLY | libc::O_DIRECTORY | libc::O_CLOEXEC) as usize;
    // SAFETY: the caller's promise.
    unsafe { raw(libc::SYS_openat, [libc::AT_FDCWD as usize, path as usize, flags]) }
}

#[inline(always)]
pub(crate) fn getdents(fd: usize, room: &mut [u8]) -> Result<usize, i32> {
    // SAFETY: the kernel writes whole records into `room`.
    unsafe { raw(libc::SYS_getdents64, [fd, room.as_mut_ptr() as usize, room.len()]) }
}

#[inline(always)]
pub(crate) fn write(fd: usize, data: &[u8]) {
    // SAFETY: the kernel reads `data` only.
    unsafe { always(libc::SYS_write, [fd, data.as_ptr() as usize, data.len()]) };
}

#[inline(always)]
pub(crate) fn exit(code: usize) -> ! {
    loop {
        // SAFETY: ends the process; nothing comes after.
        unsafe { always(libc::SYS_exit_group, [code]) };
    }
}
