//! What this kernel has, asked without side effects.

use std::os::fd::AsRawFd;

use super::memory::Pages;
use super::process::{self, Who, pidfd_exit_status, waitid};
use super::{CALM, always, answer, pipe, read_nowait, write_nosignal};

pub(crate) fn clone3() -> bool {
    // SAFETY: arguments of size 0, which the kernel refuses before it reads any.
    answer(unsafe { always(libc::SYS_clone3, [0, 0]) }) == Err(libc::EINVAL)
}

pub(crate) fn close_range() -> bool {
    // SAFETY: a range from the highest number, where nothing is open.
    unsafe {
        always(libc::SYS_close_range, [u32::MAX as usize, u32::MAX as usize, libc::CLOSE_RANGE_CLOEXEC as usize]) == 0
    }
}

pub(crate) fn pidfd() -> bool {
    process::pidfd_open(super::getpid()).is_ok()
}

pub(crate) fn pidfd_exit() -> bool {
    // A process that runs has no exit status yet, and the kernel that knows the question leaves the bit out; one that
    // does not know it would have to be asked about an ended child.
    let Ok(me) = process::pidfd_open(super::getpid()) else { return false };
    if pidfd_exit_status(me.as_raw_fd()).is_err() {
        return false;
    }
    // SAFETY: the child does nothing but end; vfork semantics, on a stack of its own.
    let Ok(mut stack) = Pages::new(64 * 1024, 0) else { return false };
    let mut pidfd = -1;
    // SAFETY: `end` takes no plan and makes one system call.
    let started = unsafe { process::start(false, false, stack.bytes_mut(), &mut pidfd, end, std::ptr::null_mut()) };
    if started.is_err() || pidfd < 0 {
        return false;
    }
    let pidfd = super::take_fd(pidfd);
    let _ = waitid(&CALM, Who::Pidfd(pidfd.as_raw_fd()), libc::WEXITED);
    matches!(pidfd_exit_status(pidfd.as_raw_fd()), Ok(Some(_)))
}

unsafe extern "C" fn end(_: *mut libc::c_void) -> ! {
    super::child::exit(0)
}

pub(crate) fn nowait() -> bool {
    pipe().is_ok_and(|(reader, _writer)| read_nowait(reader.as_raw_fd(), &mut [0]) == Err(libc::EAGAIN))
}

pub(crate) fn nosignal() -> bool {
    pipe().is_ok_and(|(_reader, writer)| write_nosignal(&CALM, writer.as_raw_fd(), b"x", true).is_ok())
}
