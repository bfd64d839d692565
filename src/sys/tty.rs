//! Terminals: pseudo-terminals made and opened, modes, sizes.

use std::ffi::CString;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use super::{CALM, Result, always, open, owned, raw};

/// The kernel's termios.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Modes {
    pub(crate) input: u32,
    pub(crate) output: u32,
    pub(crate) control: u32,
    pub(crate) local: u32,
    line: u8,
    characters: [u8; 19],
}

impl Modes {
    /// Bytes as they are, both ways: no echo, no lines, no signals, no newline changed.
    pub(crate) fn raw(mut self) -> Modes {
        self.input &= !(libc::IGNBRK
            | libc::BRKINT
            | libc::PARMRK
            | libc::ISTRIP
            | libc::INLCR
            | libc::IGNCR
            | libc::ICRNL
            | libc::IXON);
        self.output &= !libc::OPOST;
        self.local &= !(libc::ECHO | libc::ECHONL | libc::ICANON | libc::ISIG | libc::IEXTEN);
        self.control = (self.control & !(libc::CSIZE | libc::PARENB)) | libc::CS8;
        self
    }

    /// Whether input is handed on a line at a time.
    pub(crate) fn is_canonical(&self) -> bool {
        self.local & libc::ICANON != 0
    }

    /// The key that stops the foreground processes, if one does.
    pub(crate) fn suspend_key(&self) -> Option<u8> {
        self.key(libc::VSUSP).filter(|_| self.local & libc::ISIG != 0)
    }

    /// The key that ends the input, in the modes where one does.
    pub(crate) fn eof_key(&self) -> Option<u8> {
        self.key(libc::VEOF)
    }

    /// 0 is no key.
    fn key(&self, which: usize) -> Option<u8> {
        self.characters.get(which).copied().filter(|key| *key != 0)
    }

    /// As words, which a signal handler can read one by one.
    pub(crate) fn to_words(self) -> [u32; WORDS] {
        // SAFETY: 36 bytes of plain numbers without padding, as are nine words.
        unsafe { std::mem::transmute(self) }
    }
}

/// How many words the modes have.
pub(crate) const WORDS: usize = 9;

/// A new pseudo-terminal: the master, set not to wait, and the other end, which becomes nobody's controlling terminal.
pub(crate) fn pty() -> Result<(OwnedFd, OwnedFd)> {
    let master = open(&CALM, c"/dev/ptmx", libc::O_RDWR | libc::O_NONBLOCK, 0)?;
    let unlock = 0i32;
    let flags = (libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC) as usize;
    // SAFETY: the kernel reads four bytes of `unlock`; TIOCGPTPEER takes plain flags and makes a descriptor for us alone.
    let slave = unsafe {
        raw(libc::SYS_ioctl, [master.as_raw_fd() as usize, libc::TIOCSPTLCK as usize, &raw const unlock as usize])?;
        owned(raw(libc::SYS_ioctl, [master.as_raw_fd() as usize, libc::TIOCGPTPEER as usize, flags]))?
    };
    Ok((master, slave))
}

/// The number in the name of a master's other end, /dev/pts/N.
pub(crate) fn pty_number(master: RawFd) -> Result<u32> {
    let mut number = 0u32;
    // SAFETY: four bytes to write.
    unsafe { raw(libc::SYS_ioctl, [master as usize, libc::TIOCGPTN as usize, &raw mut number as usize]) }?;
    Ok(number)
}

/// A terminal, but no master, opened for writing once more, and set not to wait. Fails for what is none, and where it may
/// not be opened.
pub(crate) fn open_again(fd: RawFd) -> Result<OwnedFd> {
    let terminal = device(fd)?;
    // To open a master again would make another terminal.
    if pty_number(fd).is_ok() {
        return Err(libc::ENOTTY);
    }
    let path = CString::new(format!("/proc/self/fd/{fd}")).map_err(|_| libc::EINVAL)?;
    let again = open(&CALM, &path, libc::O_WRONLY | libc::O_NONBLOCK, 0)?;
    // /dev/tty may be another one by now.
    if device(again.as_raw_fd()) == Ok(terminal) { Ok(again) } else { Err(libc::ENOTTY) }
}

/// Which terminal it is, whatever name it was opened by.
fn device(fd: RawFd) -> Result<u32> {
    let mut device = 0u32;
    // SAFETY: four bytes to write.
    unsafe { raw(libc::SYS_ioctl, [fd as usize, libc::TIOCGDEV as usize, &raw mut device as usize]) }?;
    Ok(device)
}

/// A terminal's modes; of a master, those of its other end.
pub(crate) fn modes(fd: RawFd) -> Result<Modes> {
    let mut modes = Modes::default();
    // SAFETY: the kernel writes 36 bytes.
    unsafe { raw(libc::SYS_ioctl, [fd as usize, libc::TCGETS as usize, &raw mut modes as usize]) }?;
    Ok(modes)
}

pub(crate) fn set_modes(fd: RawFd, modes: &Modes) -> Result<()> {
    // SAFETY: the kernel reads 36 bytes.
    unsafe { raw(libc::SYS_ioctl, [fd as usize, libc::TCSETS as usize, std::ptr::from_ref(modes) as usize]) }.map(drop)
}

/// Rows and columns.
pub(crate) fn size(fd: RawFd) -> Result<(u16, u16)> {
    let mut size = [0u16; 4];
    // SAFETY: the kernel writes eight bytes.
    unsafe { raw(libc::SYS_ioctl, [fd as usize, libc::TIOCGWINSZ as usize, size.as_mut_ptr() as usize]) }?;
    let [rows, cols, ..] = size;
    Ok((rows, cols))
}

pub(crate) fn set_size(fd: RawFd, rows: u16, cols: u16) -> Result<()> {
    let size = [rows, cols, 0, 0];
    // SAFETY: the kernel reads eight bytes.
    unsafe { raw(libc::SYS_ioctl, [fd as usize, libc::TIOCSWINSZ as usize, size.as_ptr() as usize]) }.map(drop)
}

/// The process group that the terminal's keys are for; of a master, that of its other end.
pub(crate) fn foreground(fd: RawFd) -> Result<i32> {
    let mut group = 0i32;
    // SAFETY: four bytes to write.
    unsafe { raw(libc::SYS_ioctl, [fd as usize, libc::TIOCGPGRP as usize, &raw mut group as usize]) }?;
    Ok(group)
}

// ---- for signal handlers: no errno, no libc ----

/// Whether this process may change the terminal now: it is in the foreground there, or the terminal controls no
/// processes of its session.
#[inline(always)]
pub(crate) fn is_ours_now(fd: RawFd) -> bool {
    let mut group = 0i32;
    // SAFETY: four bytes to write; no arguments.
    unsafe {
        let asked = always(libc::SYS_ioctl, [fd as usize, libc::TIOCGPGRP as usize, &raw mut group as usize]);
        asked < 0 || group as isize == always(libc::SYS_getpgid, [0])
    }
}

#[inline(always)]
pub(crate) fn set_modes_quiet(fd: RawFd, modes: &[u32; WORDS]) {
    // SAFETY: the kernel reads 36 bytes.
    unsafe { always(libc::SYS_ioctl, [fd as usize, libc::TCSETS as usize, modes.as_ptr() as usize]) };
}

/// Gives one terminal the size of another.
#[inline(always)]
pub(crate) fn copy_size(from: RawFd, to: RawFd) {
    let mut size = [0u16; 4];
    let at = size.as_mut_ptr() as usize;
    // SAFETY: the kernel writes and reads eight bytes.
    unsafe {
        if always(libc::SYS_ioctl, [from as usize, libc::TIOCGWINSZ as usize, at]) == 0 {
            always(libc::SYS_ioctl, [to as usize, libc::TIOCSWINSZ as usize, at]);
        }
    }
}
