//! Perl's `flock`, with a deadline.

use std::os::fd::{AsFd, AsRawFd};
use std::str::FromStr;

use crate::block::{self, Stop};
use crate::error::{Error, Result};
use crate::sys::sysv as raw;
use crate::time::Deadline;

/// How a file is locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlockMode {
    /// "SH", LOCK_SH: others may have it so too.
    Shared,
    /// "EX", LOCK_EX: nobody else has it.
    Exclusive,
    /// "UN", LOCK_UN: given up.
    Unlock,
}

impl FromStr for FlockMode {
    type Err = Error;

    fn from_str(mode: &str) -> Result<FlockMode> {
        match mode {
            "SH" => Ok(FlockMode::Shared),
            "EX" => Ok(FlockMode::Exclusive),
            "UN" => Ok(FlockMode::Unlock),
            _ => Err(Error::invalid("flock", format!("unknown mode {mode:?}: it is \"SH\", \"EX\" or \"UN\""))),
        }
    }
}

/// Locks an open file for as long as its description lives, children's copies of the descriptor included.
///
/// With a deadline it is tried at growing intervals up to 20 ms, since the kernel has no timed form.
pub fn flock(file: impl AsFd, mode: FlockMode, deadline: Deadline) -> Result<()> {
    let fd = file.as_fd().as_raw_fd();
    let operation = match mode {
        FlockMode::Shared => libc::LOCK_SH,
        FlockMode::Exclusive => libc::LOCK_EX,
        FlockMode::Unlock => libc::LOCK_UN,
    };
    let done = if deadline.is_never() || mode == FlockMode::Unlock {
        block::call(|word| raw::flock(word, fd, operation))
    } else {
        block::try_until(deadline, || match raw::flock(&block::CALM, fd, operation | libc::LOCK_NB) {
            Ok(()) => Ok(Some(())),
            Err(libc::EWOULDBLOCK) => Ok(None),
            Err(errno) => Err(errno),
        })
    };
    done.map_err(|stop: Stop| stop.at("flock", fd.to_string()))
}
