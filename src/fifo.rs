//! Named pipes.

use std::ffi::{CString, OsStr, OsString};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::block;
use crate::error::{Error, Result};
use crate::stream::{Direction, Kind, Stream};
use crate::sys;
use crate::time::Deadline;

/// How a FIFO is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// `"<"`: waits for a writer; the end comes when the last writer has closed.
    Read,
    /// `">"`: waits for a reader.
    Write,
    /// `"+<"`: waits for nobody, and writers may come and go: there is never an end.
    Keep,
}

impl FromStr for Mode {
    type Err = Error;

    fn from_str(mode: &str) -> Result<Mode> {
        match mode {
            "<" => Ok(Mode::Read),
            ">" => Ok(Mode::Write),
            "+<" => Ok(Mode::Keep),
            _ => Err(Error::invalid("fifo", format!("unknown mode {mode:?}: it is \"<\", \">\" or \"+<\""))),
        }
    }
}

fn c_path(path: &OsStr) -> Result<CString> {
    CString::new(path.as_bytes()).map_err(|_| Error::invalid("fifo", "a NUL inside the path"))
}

/// Makes a FIFO, by default with mode 0600; the process's mask takes its bits from the mode. One that is there already
/// is EEXIST.
pub fn make(path: impl AsRef<OsStr>, mode: u32) -> Result<()> {
    let path = path.as_ref();
    if mode > 0o7777 {
        return Err(Error::invalid("mkfifo", format!("{mode:o} is no mode")));
    }
    sys::files::mkfifo(&c_path(path)?, mode).map_err(|errno| Error::at("mkfifo", path.as_bytes(), errno))
}

/// Perl's `-p`: whether there is a FIFO of that name. What is missing is none, and so is a name that leads nowhere: a
/// circle of links, one that is too long.
pub fn is(path: impl AsRef<OsStr>) -> Result<bool> {
    let path = path.as_ref();
    sys::files::is_kind(&c_path(path)?, libc::S_IFIFO).map_err(|errno| Error::at("stat", path.as_bytes(), errno))
}

/// Opens a FIFO. Without a deadline it waits in the kernel for the other side; with one it looks every 1 to 20 ms, since
/// the kernel has no timed form. What is no FIFO is refused. Writes are buffered until a flush or close; those of
/// [`Mode::Keep`], which may be read by the same stream, go out at once.
pub fn open(path: impl AsRef<OsStr>, mode: Mode, deadline: Deadline) -> Result<Stream> {
    let path = path.as_ref();
    let name = c_path(path)?;
    let failed = |errno| Error::at("open", path.as_bytes(), errno);
    let check = |stat: libc::stat| match stat.st_mode & libc::S_IFMT {
        libc::S_IFIFO => Ok(()),
        _ => Err(Error::invalid("fifo", format!("{} is no FIFO", path.to_string_lossy()))),
    };
    // Before it is opened, for opening another thing could do something already.
    check(sys::files::stat(&name).map_err(failed)?)?;
    let flags = match mode {
        Mode::Read => libc::O_RDONLY,
        Mode::Write => libc::O_WRONLY,
        Mode::Keep => libc::O_RDWR,
    };
    let nowait = libc::O_NONBLOCK;
    let opened = if deadline.is_never() || mode == Mode::Keep {
        block::call(|word| sys::open(word, &name, flags, 0))
    } else if mode == Mode::Write {
        block::try_until(deadline, || match sys::open(&block::CALM, &name, flags | nowait, 0) {
            Ok(fd) => Ok(Some(fd)),
            Err(libc::ENXIO) => Ok(None),
            Err(errno) => Err(errno),
        })
    } else {
        let fd = sys::open(&block::CALM, &name, flags | nowait, 0).map_err(failed)?;
        let (_reader, scratch) = sys::pipe().map_err(|errno| Error::os("pipe", errno))?;
        block::try_until(deadline, || match sys::files::tee_one(fd.as_raw_fd(), scratch.as_raw_fd()) {
            // Nobody has it open for writing; a hang-up tells of who had.
            Ok(0) => Ok(is_hung_up(fd.as_raw_fd()).then_some(())),
            Ok(_) => {
                come_and_go(fd.as_raw_fd());
                Ok(Some(()))
            }
            Err(libc::EAGAIN) => Ok(Some(())),
            Err(errno) => Err(errno),
        })
        .map(|()| fd)
    };
    let fd = opened.map_err(|stop| stop.at("open", path.as_bytes()))?;
    check(sys::fstat(fd.as_raw_fd()).map_err(failed)?)?;
    if !deadline.is_never() {
        let flags = sys::file_flags(fd.as_raw_fd()).map_err(failed)?;
        sys::set_file_flags(fd.as_raw_fd(), flags & !nowait).map_err(failed)?;
    }
    let direction = match mode {
        Mode::Read => Direction::Read,
        Mode::Write => Direction::Write,
        Mode::Keep => Direction::Both,
    };
    let mut stream = Stream::of_kind(fd, direction, Kind::Pipe, None);
    // What is read next through the same stream may be what was written.
    stream.set_autoflush_quietly(mode == Mode::Keep);
    Ok(stream)
}

/// Another reader has it open, and who wrote what is there may be gone: of the end poll tells only those who saw a writer.
fn come_and_go(reader: RawFd) {
    if let Ok(path) = CString::new(format!("/proc/self/fd/{reader}")) {
        let _ = sys::open(&block::CALM, &path, libc::O_WRONLY | libc::O_NONBLOCK, 0);
    }
}

fn is_hung_up(fd: RawFd) -> bool {
    sys::poll(&block::CALM, &mut [block::entry(fd, 0)], Some(0)) == Ok(1)
}

/// A FIFO in a directory of its own that only this user can enter, so that nobody can put another in its place. Both are
/// removed when it is dropped.
#[derive(Debug)]
pub struct Private {
    dir: PathBuf,
    path: PathBuf,
}

impl Private {
    /// Makes directory and FIFO, below XDG_RUNTIME_DIR, TMPDIR or /tmp.
    pub fn new() -> Result<Private> {
        let made = Private::make()?;
        Ok(Private { dir: made.0, path: made.1 })
    }

    fn make() -> Result<(PathBuf, PathBuf)> {
        let below = [c"XDG_RUNTIME_DIR", c"TMPDIR"]
            .into_iter()
            .filter_map(sys::process::getenv)
            .find(|dir| dir.first() == Some(&b'/'))
            .unwrap_or_else(|| b"/tmp".to_vec());
        let below = PathBuf::from(OsString::from_vec(below));
        for _ in 0..100 {
            let random = sys::files::random().map_err(|errno| Error::os("random", errno))?;
            let dir = below.join(format!("perlipc-{random:016x}"));
            match sys::files::mkdir(&c_path(dir.as_os_str())?, 0o700) {
                Ok(()) => {}
                Err(libc::EEXIST) => continue,
                Err(errno) => return Err(Error::at("mkdir", dir.as_os_str().as_bytes(), errno)),
            }
            let path = dir.join("fifo");
            let made = make(path.as_os_str(), 0o600);
            if let Err(error) = made {
                let _ = sys::files::rmdir(&c_path(dir.as_os_str())?);
                return Err(error);
            }
            return Ok((dir, path));
        }
        Err(Error::at("mkdir", below.as_os_str().as_bytes(), libc::EEXIST))
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves both where they are; the path.
    pub fn keep(mut self) -> PathBuf {
        let path = std::mem::take(&mut self.path);
        self.dir = PathBuf::new();
        path
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        if let Ok(path) = c_path(self.path.as_os_str()) {
            let _ = sys::files::unlink(&path);
        }
        if let Ok(dir) = c_path(self.dir.as_os_str()) {
            let _ = sys::files::rmdir(&dir);
        }
    }
}
