//! Perl's `exec`: this process becomes the program.

use std::os::fd::{AsRawFd, RawFd};

use super::{Mask, Spec, explain_exec, kept};
use crate::error::{Error, Result};
use crate::signal;
use crate::sys;
use crate::sys::process::Pointers;

/// Perl's `exec`: this process becomes the program. Comes back only to tell why not, with everything as it was but
/// what a step before the failing one has changed, which the error's step tells.
pub(crate) fn exec(spec: &Spec<'_>) -> Error {
    let argv = Pointers::new(spec.argv.to_vec());
    let env = Pointers::new(spec.env.clone().unwrap_or_else(sys::process::environment));
    let failed = |step, errno| Error::os(step, errno);
    if spec.session {
        if let Err(errno) = sys::process::setsid() {
            return failed("setsid", errno);
        }
    }
    if let Some(group) = spec.group {
        if let Err(errno) = sys::child::setpgid(0, group as usize) {
            return failed("setpgid", errno);
        }
    }
    // In a child's order: the descriptors before a limit that would forbid them, limits before the user that may not set
    // them.
    if let Err(error) = place_here(spec) {
        return error;
    }
    for limit in spec.limits {
        if let Err(errno) = sys::child::setrlimit(limit.resource, &limit.value) {
            return Error::at("limit", crate::cmd::limit_name(limit.resource), errno);
        }
    }
    if let Some(ids) = &spec.ids {
        if let Err(error) = ids.apply() {
            return error;
        }
    }
    if let Some(signal) = spec.death_signal {
        if let Err(errno) = sys::child::prctl(libc::PR_SET_PDEATHSIG as usize, signal as usize) {
            return failed("die_with_parent", errno);
        }
    }
    if let Some(dir) = spec.dir {
        if let Err(errno) = sys::process::chdir(dir) {
            return Error::at("chdir", dir.to_bytes(), errno);
        }
    }
    let mask_before = spec.mask.map(|mask| Mask(sys::set_mask(libc::SIG_SETMASK, mask)));
    let umask_before = spec.umask.map(sys::process::umask);
    let signals_before = signal::set_defaults(spec.defaults);
    let mut result = (libc::ENOENT, 0);
    let mut forbidden = None;
    for (which, path) in spec.candidates.iter().enumerate() {
        let mut errno = sys::process::execve(path, &argv, &env);
        if errno == libc::ENOEXEC {
            let script = [c"sh".to_owned(), path.clone()].into_iter().chain(spec.argv.iter().skip(1).cloned());
            errno = sys::process::execve(c"/bin/sh", &Pointers::new(script.collect()), &env);
            result = (errno, which);
            break;
        }
        result = (errno, which);
        match errno {
            libc::EACCES => forbidden = forbidden.or(Some(which)),
            libc::ENOENT | libc::ENOTDIR | libc::ESTALE | libc::ENODEV | libc::ETIMEDOUT => {}
            _ => {
                forbidden = None;
                break;
            }
        }
    }
    if let Some(which) = forbidden {
        result = (libc::EACCES, which);
    }
    if let Some(umask) = umask_before {
        sys::process::umask(umask);
    }
    signal::put_back(&signals_before);
    drop(mask_before);
    explain_exec(spec, result.0, result.1)
}

/// Puts the descriptors of this process where the program shall find them.
fn place_here(spec: &Spec<'_>) -> Result<()> {
    let failed = |to: RawFd, errno| Error::at("redirect", to.to_string(), errno);
    let highest = spec.fds.iter().map(|(to, _)| *to).max().unwrap_or(2).max(2);
    let mut lifted = Vec::new();
    for (to, from) in &spec.fds {
        let from = match from {
            Some(from) => Some(sys::dup_above(*from, highest + 1).map_err(|errno| failed(*to, errno))?),
            None => None,
        };
        lifted.push((*to, from));
    }
    for (to, from) in &lifted {
        match from {
            Some(from) => sys::dup_onto(from.as_raw_fd(), *to).map_err(|errno| failed(*to, errno))?,
            None => sys::close(*to),
        }
    }
    close_others(&kept(spec)).map_err(|errno| Error::os("close", errno))
}

/// Every descriptor from 3 on that is not in the list, which ascends, is closed by exec. With close_range first: a table that
/// is full has no room to read /proc, and not everybody has that.
fn close_others(keep: &[RawFd]) -> sys::Result<()> {
    let mut first = 3;
    for next in keep.iter().map(|fd| *fd as usize).chain([u32::MAX as usize + 1]) {
        if next > first && sys::child::close_range(first, next - 1, libc::CLOSE_RANGE_CLOEXEC as usize).is_err() {
            for fd in sys::numbers_in(c"/proc/self/fd")? {
                if fd > 2 && !keep.contains(&fd) {
                    let _ = sys::set_fd_flags(fd, libc::FD_CLOEXEC);
                }
            }
            return Ok(());
        }
        first = next + 1;
    }
    Ok(())
}
