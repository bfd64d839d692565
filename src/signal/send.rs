//! Sending: Perl's `kill`, and the queued value of POSIX's `sigqueue`.

use super::dispatch;
use super::names::number;
use crate::child;
use crate::error::{Error, Result};
use crate::sys;

/// The number of a signal, and whether its name has a minus: Perl's other way to say "the process group".
fn sendable(signal: &str) -> Result<(i32, bool)> {
    match signal.strip_prefix('-') {
        Some(name) => Ok((number(name)?, true)),
        None => Ok((number(signal)?, false)),
    }
}

fn send(signal: (i32, bool), pid: i32) -> sys::Result<()> {
    let (n, group) = signal;
    // Twice negative is no process, as in Perl; nor is the negative of the own group.
    let pid = match (group, pid) {
        (false, pid) => pid,
        (true, 1..) => -pid,
        (true, _) => return Err(libc::EINVAL),
    };
    send_one(n, pid, None)
}

fn send_one(signal: i32, pid: i32, value: Option<u64>) -> sys::Result<()> {
    child::signal_ours(pid, signal, value).unwrap_or_else(|| sys::signals::send(pid, signal, value))
}

/// Perl's `kill`: a positive pid is a process, a negative one a process group, as is a signal with a minus ("-TERM"); 0
/// is the own group. "0" or "ZERO" sends nothing and tells whether it could: ESRCH there is no such process, EPERM it is
/// somebody else's.
///
/// A child of this library's is reached through its pidfd: when it has ended and its number is somebody else's by now,
/// that one is not hit. A safe point: a signal to this process has been handled when it comes back.
pub fn kill(signal: &str, pid: i32) -> Result<()> {
    let n = sendable(signal)?;
    send(n, pid).map_err(|errno| Error::at("kill", pid.to_string(), errno))?;
    dispatch::safe_point().map_err(|stop| stop.error("kill"))
}

/// How far a signal to several targets got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Perl's answer: how many targets were reached; a group counts as one.
    pub reached: u32,
    /// Why one was not: ESRCH only where there is no other reason.
    pub error: Option<Error>,
}

/// [`kill`] for several targets, all of which are tried before a handler runs.
pub fn kill_all(signal: &str, pids: &[i32]) -> Result<Sent> {
    let n = sendable(signal)?;
    let mut sent = Sent { reached: 0, error: None };
    for pid in pids {
        match send(n, *pid) {
            Ok(()) => sent.reached += 1,
            Err(_) if sent.error.as_ref().is_some_and(|error| error.errno() != libc::ESRCH) => {}
            Err(errno) => sent.error = Some(Error::at("kill", pid.to_string(), errno)),
        }
    }
    dispatch::safe_point().map_err(|stop| stop.error("kill"))?;
    Ok(sent)
}

/// POSIX's `sigqueue`: sends a signal with a value to a process, a child of this library's through its pidfd. EAGAIN when
/// its queue is full.
pub fn sigqueue(signal: &str, pid: i32, value: i64) -> Result<()> {
    let n = number(signal)?;
    send_one(n, pid, Some(value as u64)).map_err(|errno| Error::at("sigqueue", pid.to_string(), errno))?;
    dispatch::safe_point().map_err(|stop| stop.error("sigqueue"))
}
