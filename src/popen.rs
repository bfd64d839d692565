//! Pipe opens: `"cmd |"`, `"| cmd"`, `"-|"` and `"|-"` with a list, the fork forms; and the general form that open2,
//! open3 and capture stand on.

use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::str::FromStr;
use std::sync::Arc;

use crate::child::{self, Child, Fork};
use crate::cmd::{Cmd, trim};
use crate::error::{Error, Result};
use crate::pty;
use crate::stream::{Carried, Direction, Kind, Stream};
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
    let text = trim(spec.as_ref());
    let shown = || String::from_utf8_lossy(text).into_owned();
    let (command, mode) = match (text.strip_prefix(b"|"), text.strip_suffix(b"|")) {
        (Some(rest), Some(_)) if !matches!(trim(rest), b"" | b"|") => {
            return Err(Error::invalid(
                "open",
                format!("can't open a bidirectional pipe {:?}: that is open2", shown()),
            ));
        }
        (None, Some(_)) if text.starts_with(b"<") || text.starts_with(b">") => {
            return Err(Error::invalid("open", format!("{:?} names a file, whatever it ends with", shown())));
        }
        (Some(command), _) => (command, Mode::Write),
        (None, Some(command)) => (command, Mode::Read),
        (None, None) => {
            return Err(Error::invalid("open", format!("{:?} has a | neither in front nor behind", shown())));
        }
    };
    match trim(command) {
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
    cmd.check_to_start()?;
    let mut theirs: Vec<(RawFd, OwnedFd)> = Vec::with_capacity(fds.len());
    let mut ours: Vec<(OwnedFd, Direction, Kind)> = Vec::with_capacity(fds.len());
    for fd in fds {
        if cmd.wants_tty(*fd) {
            if *fd == 0 {
                return Err(Error::invalid(
                    "redirect",
                    "a terminal as the standard input alone has no end: open a pty",
                ));
            }
            let (master, slave) = pty::make(cmd)?;
            theirs.push((*fd, slave));
            ours.push((master, Direction::Read, Kind::Pty));
            continue;
        }
        let socket = cmd.wants_socket(*fd);
        let kind = if socket { Kind::Socket } else { Kind::Pipe };
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
            ours.push((writer, Direction::Write, kind));
        } else {
            theirs.push((*fd, writer));
            ours.push((reader, Direction::Read, kind));
        }
    }
    let ends: Vec<(RawFd, RawFd)> = theirs.iter().map(|(fd, end)| (*fd, end.as_raw_fd())).collect();
    let child = cmd.start_with(&ends)?;
    drop(theirs);
    let carried = Carried::new(child, ours.len());
    Ok(ours
        .into_iter()
        .map(|(fd, direction, kind)| Stream::of_kind(fd, direction, kind, Some(Arc::clone(&carried))))
        .collect())
}

/// Where open3's child says its errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errors {
    /// On a stream of its own.
    Apart,
    /// Among its output.
    Merged,
    /// Where this process says its own, as open2's.
    Shared,
}

/// The streams to a child of open2 or open3. A descriptor that the command places itself ([`Cmd::pass`],
/// [`Cmd::redirect`]: Perl's `<&FH` and `>&FH`) has none.
///
/// Each closes by itself; closing the last one waits for the child and gives its status. The reader may be closed
/// before the writer.
#[derive(Debug)]
pub struct Open3 {
    /// To the child's standard input. Each write goes out at once.
    pub writer: Option<Stream>,
    /// From its standard output.
    pub reader: Option<Stream>,
    /// From its standard error, with [`Errors::Apart`].
    pub error: Option<Stream>,
    /// The child.
    pub child: Child,
}

/// Perl's `open2`: the command's output to read and its input to write. Its errors go where this process's go.
pub fn open2(cmd: &Cmd) -> Result<(Stream, Stream)> {
    match open3_as(cmd, Errors::Shared, "open2")? {
        Open3 { reader: Some(reader), writer: Some(writer), .. } => Ok((reader, writer)),
        _ => Err(Error::invalid("open2", "the command's input or output is redirected already: that is open3")),
    }
}

/// Perl's `open3`: all three of the command's standard descriptors, but those that it places itself. A command that
/// cannot be executed is an error here, unless a shell is in between.
pub fn open3(cmd: &Cmd, errors: Errors) -> Result<Open3> {
    open3_as(cmd, errors, "open3")
}

fn open3_as(cmd: &Cmd, errors: Errors, step: &'static str) -> Result<Open3> {
    let merged = (errors == Errors::Merged && !cmd.is_placed(2)).then(|| {
        let mut merged = cmd.clone();
        merged.redirect(2, "&1");
        merged
    });
    let cmd = merged.as_ref().unwrap_or(cmd);
    let fds: Vec<RawFd> = (0..3).filter(|fd| !cmd.is_placed(*fd) && (*fd != 2 || errors == Errors::Apart)).collect();
    if fds.is_empty() || (step == "open2" && fds.len() < 2) {
        cmd.check_to_start()?;
        return Err(Error::invalid(
            step,
            match step {
                "open2" => "the command's input or output is redirected already: that is open3",
                _ => "all three of the command's descriptors are redirected already: that is a plain start",
            },
        ));
    }
    let streams = start_with(cmd, &fds)?;
    let Some(child) = streams.first().and_then(Stream::child).cloned() else {
        return Err(Error::os(step, libc::ECHILD));
    };
    let mut opened = Open3 { writer: None, reader: None, error: None, child };
    for (fd, stream) in fds.into_iter().zip(streams) {
        *opened.place(fd) = Some(stream);
    }
    Ok(opened)
}

impl Open3 {
    fn place(&mut self, fd: RawFd) -> &mut Option<Stream> {
        match fd {
            0 => &mut self.writer,
            1 => &mut self.reader,
            _ => &mut self.error,
        }
    }
}

/// Which of the two a process is after [`fork3`].
#[derive(Debug)]
pub enum Fork3 {
    /// The process that called, with the other ends.
    Parent(Open3),
    /// The new one: its standard descriptors are the pipes.
    Child,
}

/// The fork form of open2 ([`Errors::Shared`]) and open3, Perl's command `-`: forks, with the child's standard
/// descriptors on pipes. See [`fork`].
///
/// # Safety
/// As [`fork`].
#[allow(unsafe_code)]
pub unsafe fn fork3(errors: Errors, threads_ok: bool) -> Result<Fork3> {
    // SAFETY: the caller's promise.
    fork3_with(errors, threads_ok, || unsafe { child::fork() })
}

/// The same by a fork of the host's own: see [`fork_by`](crate::fork_by).
pub fn fork3_by(errors: Errors, threads_ok: bool, fork: impl FnOnce() -> Result<i32>) -> Result<Fork3> {
    fork3_with(errors, threads_ok, || child::fork_by(fork))
}

fn fork3_with(errors: Errors, threads_ok: bool, fork: impl FnOnce() -> Result<Fork>) -> Result<Fork3> {
    may_fork(threads_ok)?;
    let pipe = || sys::pipe().map_err(|errno| Error::os("pipe", errno));
    let (input, writer) = pipe()?;
    let (reader, output) = pipe()?;
    let apart = if errors == Errors::Apart { Some(pipe()?) } else { None };
    match fork()? {
        Fork::Child => {
            let error = match (&apart, errors) {
                (Some((_, error)), _) => Some(error.as_raw_fd()),
                (None, Errors::Merged) => Some(output.as_raw_fd()),
                _ => None,
            };
            for (from, to) in [(Some(input.as_raw_fd()), 0), (Some(output.as_raw_fd()), 1), (error, 2)] {
                if from.is_some_and(|from| sys::dup_onto(from, to).is_err()) {
                    // An error here would look to the caller like the parent's. Its parent sees the code.
                    sys::process::exit(127);
                }
            }
            Ok(Fork3::Child)
        }
        Fork::Parent(child) => {
            drop((input, output));
            let carried = Carried::new(child.clone(), if apart.is_some() { 3 } else { 2 });
            let make = |fd, direction| Some(Stream::make(fd, direction, false, Some(Arc::clone(&carried))));
            Ok(Fork3::Parent(Open3 {
                writer: make(writer, Direction::Write),
                reader: make(reader, Direction::Read),
                error: apart.and_then(|(error, _theirs)| make(error, Direction::Read)),
                child,
            }))
        }
    }
}

/// Which of the two a process is after [`fork`].
#[derive(Debug)]
pub enum ForkOpen {
    /// The process that called: the other end of the child's standard output or input.
    Parent(Stream),
    /// The new one: its standard output or input is the pipe.
    Child,
}

fn may_fork(threads_ok: bool) -> Result<()> {
    if child::threads() > 1 {
        if !threads_ok {
            return Err(Error::Threads { step: "fork" });
        }
    } else {
        // With other threads it could wait for ever for a file that one of them reads.
        sys::process::flush_stdio();
    }
    Ok(())
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
    may_fork(threads_ok)?;
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
                sys::process::exit(127);
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
