//! What each descriptor of the child is, in words, and which of this process's that means.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use super::shell::skip_spaces;
use super::{Cmd, c_string};
use crate::block;
use crate::error::{Error, Result};
use crate::sys;

/// What a descriptor of the child is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// A file, opened when the command is started.
    File {
        path: CString,
        flags: i32,
    },
    /// The child's own descriptor of that number.
    Same(RawFd),
    /// A descriptor of this process.
    Pass(RawFd),
    Null,
    Close,
    Inherit,
    /// Where a pipe would be made, a Unix socket pair.
    Socket,
    /// Where a pipe would be made, a pseudo-terminal.
    Tty,
}

pub(super) fn fd_number(fd: RawFd) -> Result<()> {
    if (0..=1_048_576).contains(&fd) {
        Ok(())
    } else {
        Err(Error::invalid("redirect", format!("{fd} is no descriptor")))
    }
}

impl Place {
    pub(super) fn parse(spec: &[u8]) -> Result<Place> {
        let file = |path: &[u8], flags| {
            let path = skip_spaces(path);
            if path.is_empty() {
                return Err(Error::invalid("redirect", "no file is named"));
            }
            Ok(Place::File { path: c_string("redirect", path)?, flags })
        };
        let bad = || {
            let spec = String::from_utf8_lossy(spec).into_owned();
            Error::invalid(
                "redirect",
                format!("{spec:?} is none of <path >path >>path +<path &N null close inherit socket tty"),
            )
        };
        match spec {
            b"null" => Ok(Place::Null),
            b"close" => Ok(Place::Close),
            b"inherit" => Ok(Place::Inherit),
            b"socket" => Ok(Place::Socket),
            b"tty" => Ok(Place::Tty),
            [b'>', b'>', path @ ..] => file(path, libc::O_WRONLY | libc::O_CREAT | libc::O_APPEND),
            [b'+', b'<', path @ ..] => file(path, libc::O_RDWR),
            [b'>', path @ ..] => file(path, libc::O_WRONLY | libc::O_CREAT | libc::O_TRUNC),
            [b'<', path @ ..] => file(path, libc::O_RDONLY),
            [b'&', number @ ..] => {
                let fd = std::str::from_utf8(number).ok().and_then(|n| n.parse().ok()).ok_or_else(bad)?;
                fd_number(fd).map(|()| Place::Same(fd))
            }
            _ => Err(bad()),
        }
    }
}

impl Cmd {
    /// Also whether all descriptors it names are open. To be called before any is opened for it: that one would be found
    /// under the number of one that is missing.
    pub(crate) fn check_to_start(&self) -> Result<()> {
        self.check()?;
        for (child_fd, place) in &self.places {
            let fd = match place {
                Place::Pass(fd) => *fd,
                Place::Inherit if *child_fd > 2 => *child_fd,
                // What the child's 0, 1 and 2 are is not known yet; nothing is opened under these numbers.
                Place::Same(fd) if *fd > 2 && !self.places.contains_key(fd) => *fd,
                _ => continue,
            };
            let name = || match place {
                Place::Pass(fd) => format!("{child_fd} from {fd}"),
                Place::Same(fd) => format!("{child_fd} from &{fd}"),
                _ => child_fd.to_string(),
            };
            sys::fd_flags(fd).map_err(|errno| Error::at("redirect", name(), errno))?;
        }
        Ok(())
    }

    /// The child's descriptors, each with this process's; files are opened here.
    pub(super) fn places(
        &self,
        ends: &[(RawFd, RawFd)],
        files: &mut Vec<OwnedFd>,
    ) -> Result<Vec<(RawFd, Option<RawFd>)>> {
        let mut placed: BTreeMap<RawFd, Option<RawFd>> = BTreeMap::new();
        for (child_fd, place) in &self.places {
            match place {
                Place::File { path, flags } => {
                    let file = block::call(|word| sys::open(word, path, *flags, 0o600))
                        .map_err(|stop| stop.at("open", path.to_bytes()))?;
                    placed.insert(*child_fd, Some(file.as_raw_fd()));
                    files.push(file);
                }
                Place::Null => {
                    let file = sys::open(&block::CALM, c"/dev/null", libc::O_RDWR, 0)
                        .map_err(|errno| Error::at("open", "/dev/null", errno))?;
                    placed.insert(*child_fd, Some(file.as_raw_fd()));
                    files.push(file);
                }
                Place::Pass(fd) => {
                    placed.insert(*child_fd, Some(*fd));
                }
                Place::Close => {
                    placed.insert(*child_fd, None);
                }
                Place::Inherit if *child_fd > 2 => {
                    placed.insert(*child_fd, Some(*child_fd));
                }
                Place::Inherit | Place::Socket | Place::Tty | Place::Same(_) => {}
            }
        }
        placed.extend(ends.iter().map(|(child_fd, fd)| (*child_fd, Some(*fd))));
        for (child_fd, place) in &self.places {
            if let Place::Same(other) = place {
                if ends.iter().any(|(end, _)| end == child_fd) {
                    continue;
                }
                let fd = self.same(*child_fd, *other, &placed)?;
                placed.insert(*child_fd, fd);
            }
        }
        Ok(placed.into_iter().collect())
    }

    /// What `&N` is in the end: followed until a descriptor that is something of its own.
    fn same(&self, first: RawFd, other: RawFd, placed: &BTreeMap<RawFd, Option<RawFd>>) -> Result<Option<RawFd>> {
        let mut at = other;
        for _ in 0..=self.places.len() {
            match (self.places.get(&at), placed.get(&at)) {
                (Some(Place::Same(next)), None) if at != first => at = *next,
                (_, Some(fd)) => return Ok(*fd),
                (Some(Place::Same(_)), None) => break,
                _ => {
                    sys::fd_flags(at).map_err(|errno| Error::at("redirect", format!("{first} from &{at}"), errno))?;
                    return Ok(Some(at));
                }
            }
        }
        Err(Error::invalid("redirect", format!("{first} leads back to itself")))
    }
}
