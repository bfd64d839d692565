//! What went wrong: the step, the thing it was done to, and why.
//!
//! Messages are one line, "step thing: why", so that they read well inside somebody else's message.

use std::borrow::Cow;
use std::ffi::CStr;

/// The result of everything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a call failed. [`errno`](Error::errno) answers for every kind; [`step`](Error::step) and
/// [`path`](Error::path) say where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The system refused a step: the usual case.
    #[error("{}{}: {}", .step, thing(.path.text()), why(.step, *.errno))]
    Os {
        /// What was being done: "exec", "chdir", "open", "fork" ...
        step: &'static str,
        /// The file, user or address that it was done to; empty where there is none.
        path: Thing,
        /// The system's reason.
        errno: i32,
    },
    /// The deadline came first. Nothing that had arrived is lost.
    #[error("{}{}: timed out", .step, thing(.path))]
    Timeout {
        /// What was being waited for.
        step: &'static str,
        /// The file, user or address that it was done to; empty where there is none.
        path: Cow<'static, str>,
    },
    /// A signal handler, or a callback, asked that the call be given up (Perl's `die` in a handler).
    #[error("{step}: given up by {}", giver(*.signal))]
    Abandoned {
        /// The call that was given up.
        step: &'static str,
        /// The number of the signal whose handler asked; 0 for a callback.
        signal: i32,
        /// What the handler returned.
        value: i32,
    },
    /// A handler that is not ours ran, and the host asked to be told ([`signal::hosted`](crate::signal::hosted)).
    /// Nothing is lost: call again.
    #[error("{step}: interrupted")]
    Interrupted {
        /// The call that was cut short.
        step: &'static str,
    },
    /// Another thread cancelled the call.
    #[error("{step}: cancelled")]
    Canceled {
        /// The call that was cancelled.
        step: &'static str,
    },
    /// The stream is closed, or that direction of it is.
    #[error("{step}: the stream is closed")]
    Closed {
        /// What was asked of it.
        step: &'static str,
    },
    /// The object is in use: by another thread in the same direction, or by the call that this handler interrupted.
    #[error("{step}: in use")]
    Busy {
        /// What was asked of it.
        step: &'static str,
    },
    /// Bad input, found before anything was done.
    #[error("{step}: {reason}")]
    Invalid {
        /// What was asked.
        step: &'static str,
        /// What is wrong with the input.
        reason: Cow<'static, str>,
    },
    /// A fork form in a process with several threads, where only async-signal-safe calls would be allowed in the child.
    #[error("{step}: the process has several threads{}", if *.step == "fork" { " (threads_ok forks all the same)" } else { "" })]
    Threads {
        /// Which form was asked for.
        step: &'static str,
    },
    /// A name of a host, a service or a protocol that could not be found, in the resolver's own words.
    #[error("{step} {path}: {reason}")]
    Lookup {
        /// What was looked for: "host", "service", "protocol".
        step: &'static str,
        /// The name.
        path: Cow<'static, str>,
        /// Why not.
        reason: &'static str,
        /// ENOENT: there is none; EAGAIN: nobody answered, try later; EIO: the resolver failed.
        errno: i32,
    },
    /// A line is longer than the limit that was set for the stream: it stays in the stream. Or one that is written is
    /// longer than its terminal takes: nothing of it was written.
    #[error("{step}: longer than the limit of {limit} bytes")]
    TooLong {
        /// The call.
        step: &'static str,
        /// The limit.
        limit: usize,
    },
    /// A taint check refused: see [`taint`](crate::taint).
    #[error("{step}: {reason}")]
    Insecure {
        /// The check.
        step: &'static str,
        /// What is not safe, named as Perl names it: "Insecure $ENV{IFS}".
        reason: String,
    },
    /// A System V object is gone, perhaps while the call waited on it.
    #[error(
        "{step}{}: {}: by its owner, by ipcrm, or at a logout by systemd-logind (RemoveIPC=yes)", thing(.path),
        if *.errno == libc::EIDRM { "removed" } else { "never there, or removed" }
    )]
    Removed {
        /// The call.
        step: &'static str,
        /// The object's id or name.
        path: Cow<'static, str>,
        /// The system's reason: EIDRM when it went while the call waited, EINVAL when it was gone before.
        errno: i32,
    },
    /// A limit of the system stands against it.
    #[error("{step}: beyond the system's limit {limit}: {}", text(*.errno))]
    Limit {
        /// The call.
        step: &'static str,
        /// The limit and its value: "semmni = 32000".
        limit: String,
        /// The system's reason: ENOSPC, EINVAL, E2BIG.
        errno: i32,
    },
}

/// What a step was done to. Names of files need not be text; as text, those have U+FFFD for what is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thing(Named);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Named {
    Text(Cow<'static, str>),
    /// As text, and as it is.
    Bytes(Box<(String, Vec<u8>)>),
}

impl Thing {
    fn new(name: &[u8]) -> Thing {
        Thing(match String::from_utf8_lossy(name) {
            Cow::Borrowed(text) => Named::Text(Cow::Owned(text.to_owned())),
            Cow::Owned(text) => Named::Bytes(Box::new((text, name.to_owned()))),
        })
    }

    /// To be read by people.
    pub fn text(&self) -> &str {
        match &self.0 {
            Named::Text(text) => text,
            Named::Bytes(both) => &both.0,
        }
    }

    /// As it was given.
    pub fn bytes(&self) -> &[u8] {
        match &self.0 {
            Named::Text(text) => text.as_bytes(),
            Named::Bytes(both) => &both.1,
        }
    }
}

impl<T: Into<Cow<'static, str>>> From<T> for Thing {
    fn from(text: T) -> Thing {
        Thing(Named::Text(text.into()))
    }
}

fn thing(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!(" {path}") }
}

fn giver(signal: i32) -> String {
    match signal {
        0 => "a callback".to_owned(),
        signal => format!("the handler of SIG{}", crate::signal::name(signal).unwrap_or("?")),
    }
}

// Cold, so that what makes an error does not lie in the way of what succeeds.
impl Error {
    #[cold]
    pub(crate) fn os(step: &'static str, errno: i32) -> Error {
        Error::Os { step, path: "".into(), errno }
    }

    #[cold]
    pub(crate) fn at(step: &'static str, path: impl AsRef<[u8]>, errno: i32) -> Error {
        Error::Os { step, path: Thing::new(path.as_ref()), errno }
    }

    #[cold]
    pub(crate) fn invalid(step: &'static str, reason: impl Into<Cow<'static, str>>) -> Error {
        Error::Invalid { step, reason: reason.into() }
    }

    /// The same under the name of the step that the caller asked for.
    pub(crate) fn for_step(mut self, name: &'static str) -> Error {
        match &mut self {
            Error::Os { step, .. }
            | Error::Timeout { step, .. }
            | Error::Abandoned { step, .. }
            | Error::Interrupted { step }
            | Error::Canceled { step }
            | Error::Closed { step }
            | Error::Busy { step }
            | Error::Invalid { step, .. }
            | Error::Threads { step }
            | Error::Lookup { step, .. }
            | Error::TooLong { step, .. }
            | Error::Insecure { step, .. }
            | Error::Removed { step, .. }
            | Error::Limit { step, .. } => *step = name,
        }
        self
    }

    /// The step that failed, in one word where one will do: "exec", "open", "wait", "read".
    pub fn step(&self) -> &'static str {
        match self {
            Error::Os { step, .. }
            | Error::Timeout { step, .. }
            | Error::Abandoned { step, .. }
            | Error::Interrupted { step }
            | Error::Canceled { step }
            | Error::Closed { step }
            | Error::Busy { step }
            | Error::Invalid { step, .. }
            | Error::Threads { step }
            | Error::Lookup { step, .. }
            | Error::TooLong { step, .. }
            | Error::Insecure { step, .. }
            | Error::Removed { step, .. }
            | Error::Limit { step, .. } => step,
        }
    }

    /// The file, user or address that the step was done to, as text; empty where there is none.
    pub fn path(&self) -> &str {
        match self {
            Error::Os { path, .. } => path.text(),
            Error::Timeout { path, .. } | Error::Lookup { path, .. } | Error::Removed { path, .. } => path,
            _ => "",
        }
    }

    /// The same as it was given: the name of a file need not be text.
    pub fn path_bytes(&self) -> &[u8] {
        match self {
            Error::Os { path, .. } => path.bytes(),
            _ => self.path().as_bytes(),
        }
    }

    /// The reason as an `errno`. Kinds of our own have their nearest twin: ETIMEDOUT, EINTR, ECANCELED, EBADF,
    /// EBUSY, EINVAL, EPERM, EMSGSIZE.
    pub fn errno(&self) -> i32 {
        match self {
            Error::Os { errno, .. }
            | Error::Lookup { errno, .. }
            | Error::Limit { errno, .. }
            | Error::Removed { errno, .. } => *errno,
            Error::Timeout { .. } => libc::ETIMEDOUT,
            Error::Abandoned { .. } | Error::Interrupted { .. } => libc::EINTR,
            Error::Canceled { .. } => libc::ECANCELED,
            Error::Closed { .. } => libc::EBADF,
            Error::Busy { .. } => libc::EBUSY,
            Error::Invalid { .. } => libc::EINVAL,
            Error::Threads { .. } | Error::Insecure { .. } => libc::EPERM,
            Error::TooLong { .. } => libc::EMSGSIZE,
        }
    }

    /// Whether the deadline came first.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Error::Timeout { .. })
    }
}

impl From<Error> for std::io::Error {
    fn from(error: Error) -> std::io::Error {
        let kind = std::io::Error::from_raw_os_error(error.errno()).kind();
        std::io::Error::new(kind, error)
    }
}

/// The system's text for the reason, but for the end that comes while expect waits: "No data available" would not say so.
fn why(step: &str, errno: i32) -> String {
    if (step, errno) == ("expect", libc::ENODATA) { "the end came first".into() } else { text(errno) }
}

/// The system's text for an errno: "No such file or directory".
pub fn text(errno: i32) -> String {
    let mut room = [0u8; 128];
    if crate::sys::error_text(errno, &mut room) {
        if let Ok(text) = CStr::from_bytes_until_nul(&room) {
            return text.to_string_lossy().into_owned();
        }
    }
    format!("error {errno}")
}

/// The name of an errno: "ENOENT"; `None` for a number that is none.
pub fn name(errno: i32) -> Option<&'static str> {
    crate::sys::ERRNO_NAMES.iter().find(|(n, _)| *n == errno).map(|(_, name)| *name)
}
