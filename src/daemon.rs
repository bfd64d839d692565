//! Complete dissociation of a child from its parent: becoming a daemon.

use std::os::fd::AsRawFd;

use crate::child::{self, Fork};
use crate::error::{Error, Result};
use crate::sys;

/// Becomes a daemon: forks, leads a new session without a terminal, forks again so that it can never get one, goes to
/// "/", and has 0, 1 and 2 on /dev/null. The calling process ends with code 0 as soon as the daemon stands; if the
/// daemon could not be made, the error is the caller's, which goes on.
///
/// Words, with commas: `nochdir` stays in the directory, `noclose` leaves 0, 1 and 2 alone, `umask=027` (octal) sets
/// the mask, `keep` ends nobody: the caller gets `true` once the daemon stands (and the daemon `false`).
///
/// A process with several threads is refused: the daemon would have one of them only.
///
/// Returns `false` in the daemon.
pub fn daemonize(options: &str) -> Result<bool> {
    let (mut chdir, mut close, mut keep, mut umask) = (true, true, false, None);
    for word in options.split([',', ' ']).filter(|word| !word.is_empty()) {
        match word.split_once('=') {
            None if word == "nochdir" => chdir = false,
            None if word == "noclose" => close = false,
            None if word == "keep" => keep = true,
            Some(("umask", mask)) => {
                let mask = u32::from_str_radix(mask, 8).ok().filter(|mask| *mask <= 0o777);
                umask = Some(mask.ok_or_else(|| Error::invalid("daemon", format!("{word}: no octal mask")))?);
            }
            _ => return Err(Error::invalid("daemon", format!("no such option: {word}"))),
        }
    }
    if child::threads() > 1 {
        return Err(Error::Threads { step: "daemon" });
    }
    let (reader, writer) = sys::pipe().map_err(|errno| Error::os("pipe", errno))?;
    if let Fork::Parent(middle) = child::fork_alone()? {
        drop(writer);
        let mut note = [0; 4];
        let got = crate::block::call(|word| sys::read(word, reader.as_raw_fd(), &mut note))
            .map_err(|stop| stop.error("daemon"))?;
        let _ = middle.wait(crate::time::Deadline::NEVER);
        return match (got, i32::from_ne_bytes(note)) {
            (4, 0) if keep => Ok(true),
            (4, 0) => sys::process::exit(0),
            (4, errno) => Err(Error::os("daemon", errno)),
            _ => Err(Error::os("daemon", libc::ECHILD)),
        };
    }
    drop(reader);
    let tell = |errno: i32| {
        let _ = sys::write(&sys::CALM, writer.as_raw_fd(), &errno.to_ne_bytes());
    };
    match dissociate(chdir, close, umask) {
        Ok(true) => {
            tell(0);
            Ok(false)
        }
        // The middle one, which only was there to be left.
        Ok(false) => sys::process::exit(0),
        Err(errno) => {
            tell(errno);
            sys::process::exit(1)
        }
    }
}

/// `true` in the daemon, `false` in the process between.
fn dissociate(chdir: bool, close: bool, umask: Option<u32>) -> sys::Result<bool> {
    sys::process::setsid()?;
    match child::fork_alone() {
        Ok(Fork::Parent(_)) => return Ok(false),
        Ok(Fork::Child) => {}
        Err(error) => return Err(error.errno()),
    }
    if chdir {
        sys::process::chdir(c"/")?;
    }
    if let Some(mask) = umask {
        sys::process::umask(mask);
    }
    if close {
        let null = sys::open(&sys::CALM, c"/dev/null", libc::O_RDWR, 0)?;
        for fd in 0..3 {
            sys::dup_onto(null.as_raw_fd(), fd)?;
        }
    }
    Ok(true)
}
