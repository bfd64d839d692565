//! Pipe opens: `"cmd |"`, `"| cmd"`, `"-|"` and `"|-"` with a list, the fork forms; and the general form that open2,
//! open3 and capture stand on.

use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::str::FromStr;
use std::sync::Arc;

use crate::child::{self, Fork};
use crate::cmd::Cmd;
use crate::error::{Error, Result};
use crate::stream::{Carried, Direction, Stream};
use crate::sys;

/// Which way a pipe open goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// `"-|"`: what the command writes is read here.
    Read,
    /// `"|-"`: what is written here the command reads.
    Write,
}

impl FromStr for Mode {
    type Err = Error;

    fn from_str(mode: &str) -> Result<Mode> {
        match mode {
            "-|" => Ok(Mode::Read),
            "|-" => Ok(Mode::Write),
            _ => Err(Error::invalid("open", format!("unknown open mode {mode:?}: it is \"-|\" or \"|-\""))),
        }
    }
}

/// Perl's two-argument open: `"cmd |"` reads from a command, `"| cmd"` writes to one. The command is run by Perl's
/// rule ([`Cmd::shell`]): one that is run directly and cannot be is an error here; behind a shell it shows as 127 at
/// close, and writing to it is EPIPE, never a deadly signal.
pub fn open(spec: impl AsRef<[u8]>) -> Result<Stream> {
    let (cmd, mode) = parse(spec)?;
    start(&cmd, mode)
}

/// What [`open`] would start, and which way: for who has more to say about the command.
pub fn parse(spec: impl AsRef<[u8]>) -> Result<(Cmd, Mode)> {
    let text = spec.as_ref().trim_ascii();
    let shown = || String::from_utf8_lossy(text).into_owned();
    let (command, mode) = match (text.strip_prefix(b"|"), text.strip_suffix(b"|")) {
        (Some(rest), Some(_)) if !matches!(rest.trim_ascii(), b"" | b"|") => {
            return Err(Error::invalid(
                "open",
                format!("can't open a bidirectional pipe {:?}: that is open2", shown()),
            ));
        }
        (Some(command), _) => (command, Mode::Write),
        (None, Some(command)) => (command, Mode::Read),
        (None, None) => {
            return Err(Error::invalid("open", format!("{:?} has a | neither in front nor behind", shown())));
        }
    };
    match command.trim_ascii() {
        b"" | b"|" => Err(Error::invalid("open", "missing command in piped open")),
        b"-" => Err(Error::invalid("open", format!("{:?} forks: that is the fork form", shown()))),
        _ => Ok((Cmd::shell(command), mode)),
    }
}

/// Perl's list form: starts the command with its standard output or input on a pipe, whose other end is the stream.
/// The other two are shared with this process, unless the command says otherwise.
pub fn start(cmd: &Cmd, mode: Mode) -> Result<Stream> {
    let (fd, what) = match mode {
        Mode::Read => (1, "output"),
        Mode::Write => (0, "input"),
    };
    if cmd.is_placed(fd) {
        return Err(Error::invalid("open", format!("the command's standard {what} is redirected already")));
    }
    let mut streams = start_with(cmd, &[fd])?;
    let mut stream = streams.swap_remove(0);
    if mode == Mode::Write {
        stream.set_autoflush_quietly(false);
    }
    Ok(stream)
}

/// Starts the command with these of its descriptors on pipes; the other ends, in the same order. 0 is written to, all
/// others are read.
pub(crate) fn start_with(cmd: &Cmd, fds: &[RawFd]) -> Result<Vec<Stream>> {
    cmd.check()?;
    let mut theirs: Vec<(RawFd, OwnedFd)> = Vec::with_capacity(fds.len());
    let mut ours: Vec<(OwnedFd, Direction, bool)> = Vec::with_capacity(fds.len());
    for fd in fds {
        let socket = cmd.wants_socket(*fd);
        let (reader, writer) = if socket {
            let pair = sys::socketpair(libc::SOCK_STREAM).map_err(|errno| Error::os("socketpair", errno))?;
            // A larger buffer is what makes it quicker than a pipe; a smaller one than asked for is no failure.
            let _ = sys::setsockopt_int(pair.1.as_raw_fd(), libc::SOL_SOCKET, libc::SO_SNDBUF, 1 << 20);
            pair
        } else {
            sys::pipe().map_err(|errno| Error::os("pipe", errno))?
        };
        if *fd == 0 {
            theirs.push((*fd, reader));
            ours.push((writer, Direction::Write, socket));
        } else {
            theirs.push((*fd, writer));
            ours.push((reader, Direction::Read, socket));
        }
    }
    let ends: Vec<(RawFd, RawFd)> = theirs.iter().map(|(fd, end)| (*fd, end.as_raw_fd())).collect();
    let child = cmd.start_with(&ends)?;
    drop(theirs);
    let carried = Carried::new(child, ours.len());
    Ok(ours
        .into_iter()
        .map(|(fd, direction, socket)| Stream::make(fd, direction, socket, Some(Arc::clone(&carried))))
        .collect())
}

/// Which of the two a process is after [`fork`].
#[derive(Debug)]
pub enum ForkOpen {
    /// The process that called: the other end of the child's standard output or input.
    Parent(Stream),
    /// The new one: its standard output or input is the pipe.
    Child,
}

/// Perl's fork form, `open(FH, "-|")` and `open(FH, "|-")` without a command: forks, with a pipe between the two.
/// What C's stdio has buffered is flushed before, so that nothing is printed twice.
///
/// A process with several threads is refused unless `threads_ok`.
///
/// # Safety
/// With several threads, the child may do only what a signal handler may, until it execs or exits.
#[allow(unsafe_code)]
pub unsafe fn fork(mode: Mode, threads_ok: bool) -> Result<ForkOpen> {
    // SAFETY: the caller's promise.
    fork_with(mode, threads_ok, || unsafe { child::fork() })
}

/// The same by a fork of the host's own, that runs what must run around one there: see [`fork_by`](crate::fork_by).
pub fn fork_by(mode: Mode, threads_ok: bool, fork: impl FnOnce() -> Result<i32>) -> Result<ForkOpen> {
    fork_with(mode, threads_ok, || child::fork_by(fork))
}

fn fork_with(mode: Mode, threads_ok: bool, fork: impl FnOnce() -> Result<Fork>) -> Result<ForkOpen> {
    if child::threads() > 1 {
        if !threads_ok {
            return Err(Error::Threads { step: "fork" });
        }
    } else {
        // With other threads it could wait for ever for a file that one of them reads.
        sys::flush_stdio();
    }
    let (reader, writer) = sys::pipe().map_err(|errno| Error::os("pipe", errno))?;
    let (ours, theirs, place, direction) = match mode {
        Mode::Read => (reader, writer, 1, Direction::Read),
        Mode::Write => (writer, reader, 0, Direction::Write),
    };
    match fork()? {
        Fork::Child => {
            drop(ours);
            if sys::dup_onto(theirs.as_raw_fd(), place).is_err() {
                // An error here would look to the caller like the parent's. Its parent sees the code.
                sys::exit(127);
            }
            Ok(ForkOpen::Child)
        }
        Fork::Parent(child) => {
            drop(theirs);
            let mut stream = Stream::make(ours, direction, false, Some(Carried::new(child, 1)));
            if mode == Mode::Write {
                stream.set_autoflush_quietly(false);
            }
            Ok(ForkOpen::Parent(stream))
        }
    }
}
