//! Pseudo-terminals: a child that believes it talks to a user, Comm's `open_proc`.
//!
//! The child leads a session of its own with the pty as its controlling terminal. Echo and the change of newlines into
//! CR LF are off before it starts, so that what is read is what it said ([`Cmd::terminal`] has it otherwise).
//!
//! All that the child wrote is read, then comes the end, then its status: also when a descendant of it still holds the
//! terminal, whose later output is not waited for.

use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use crate::cmd::Cmd;
use crate::error::{Error, Result};
use crate::stream::{Carried, Direction, Kind, Shared, Stream};
use crate::sys;

/// Starts the command on a new pty of that size; 0 rows or columns: nobody knows. The stream reads what it says,
/// standard error included, and writes what it reads. Those of its standard descriptors that the command places itself
/// are not the terminal.
///
/// A line that is too long for a terminal that hands on lines (4095 bytes) is [`Error::TooLong`], never cut.
pub fn open(cmd: &Cmd, rows: u16, cols: u16) -> Result<Stream> {
    cmd.check_to_start()?;
    let fds: Vec<RawFd> = (0..3).filter(|fd| !cmd.is_placed(*fd)).collect();
    let Some(terminal) = fds.first() else {
        return Err(Error::invalid("pty", "all three standard descriptors are redirected"));
    };
    let (master, slave) = make(cmd)?;
    sys::tty::set_size(slave.as_raw_fd(), rows, cols).map_err(|errno| Error::os("pty", errno))?;
    let ends: Vec<(RawFd, RawFd)> = fds.iter().map(|fd| (*fd, slave.as_raw_fd())).collect();
    let child = cmd.start_on_terminal(&ends, Some(*terminal))?;
    drop(slave);
    let stream = Stream::of_kind(master, Direction::Both, Kind::Pty, Some(Carried::new(child, 1)));
    stream.shared().set_crlf(cmd.terminal_modes().crlf);
    Ok(stream)
}

/// A pty in the command's modes: the master and its other end.
pub(crate) fn make(cmd: &Cmd) -> Result<(OwnedFd, OwnedFd)> {
    let failed = |errno| Error::os("pty", errno);
    let (master, slave) = sys::tty::pty().map_err(failed)?;
    let wanted = cmd.terminal_modes();
    let mut modes = sys::tty::modes(slave.as_raw_fd()).map_err(failed)?;
    if wanted.raw {
        modes = modes.raw();
    }
    match wanted.echo {
        true => modes.local |= libc::ECHO,
        false => modes.local &= !(libc::ECHO | libc::ECHONL),
    }
    match wanted.crlf {
        true => modes.output |= libc::OPOST | libc::ONLCR,
        false => modes.output &= !libc::ONLCR,
    }
    sys::tty::set_modes(slave.as_raw_fd(), &modes).map_err(failed)?;
    Ok((master, slave))
}

/// The terminal has a new size: its foreground processes get WINCH.
pub fn resize(stream: &Stream, rows: u16, cols: u16) -> Result<()> {
    resize_shared(stream.shared(), rows, cols)
}

pub(crate) fn resize_shared(shared: &Shared, rows: u16, cols: u16) -> Result<()> {
    shared.aside("resize", |fd| sys::tty::set_size(fd, rows, cols).map_err(|errno| Error::os("resize", errno)))
}

/// Rows and columns.
pub fn size(stream: &Stream) -> Result<(u16, u16)> {
    size_shared(stream.shared())
}

pub(crate) fn size_shared(shared: &Shared) -> Result<(u16, u16)> {
    shared.aside("size", |fd| sys::tty::size(fd).map_err(|errno| Error::os("size", errno)))
}

/// The terminal's name, /dev/pts/N.
pub fn name(stream: &Stream) -> Result<String> {
    name_shared(stream.shared())
}

pub(crate) fn name_shared(shared: &Shared) -> Result<String> {
    let number = shared.aside("name", |fd| sys::tty::pty_number(fd).map_err(|errno| Error::os("name", errno)))?;
    Ok(format!("/dev/pts/{number}"))
}

/// The byte that a key gives with Control held: 'c' is 3, which interrupts; 'd' is 4, the end of input; '\\' is 28, which
/// quits; '?' is 127.
pub fn control(key: char) -> Result<u8> {
    match key {
        '?' => Ok(127),
        '@'..='_' => Ok(key as u8 & 0x1f),
        'a'..='z' => Ok(key as u8 & 0x1f),
        _ => Err(Error::invalid("control", format!("there is no Control-{key}"))),
    }
}
