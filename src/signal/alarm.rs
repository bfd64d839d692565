//! Time: alarm, and sleep that a signal cuts short.

use std::time::Duration;

use super::board::word;
use super::dispatch;
use crate::error::{Error, Result};
use crate::sys;
use crate::time::Deadline;

/// Perl's `alarm`: ALRM after that time, then after each interval, unless that is zero; zero cancels. What was left of
/// the one before, zero if there was none. One for a process; a fork does not inherit it, an exec does.
///
/// Without a handler ALRM ends the process.
pub fn alarm(after: Duration, interval: Duration) -> Result<Duration> {
    sys::signals::alarm(after, interval).map_err(|errno| Error::os("alarm", errno))
}

/// Perl's `sleep`: for that time, or until a handler has run. What is left, zero when it was slept out.
///
/// What is due already runs first and does not count. Handlers of other threads, and queued signals, do not cut it.
pub fn sleep(time: Duration) -> Result<Duration> {
    let failed = |stop: crate::block::Stop| stop.error("sleep");
    dispatch::safe_point().map_err(failed)?;
    let begin = sys::monotonic();
    let deadline = Deadline::after(Some(time));
    loop {
        let left = deadline.left().unwrap_or(u64::MAX);
        if left == 0 {
            return Ok(Duration::ZERO);
        }
        match sys::nanosleep(word(), left) {
            Ok(()) => {}
            Err(libc::EINTR) => {
                if dispatch::handled().map_err(failed)? {
                    return Ok(time.saturating_sub(Duration::from_nanos(sys::monotonic() - begin)));
                }
            }
            Err(errno) => return Err(Error::os("sleep", errno)),
        }
    }
}
