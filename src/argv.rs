//! The magic ARGV: many files, one after another, as one stream of lines. Perl's `<<>>`, which takes names as they are,
//! and on request `<>`, where a name may be a command (`"cmd |"`), standard input (`"-"`) or a duplicate (`"<&3"`).

use std::collections::VecDeque;
use std::ffi::CString;

use crate::block;
use crate::cmd::{Cmd, skip_spaces, trim};
use crate::error::{Error, Result, text};
use crate::popen;
use crate::signal;
use crate::status::Status;
use crate::stream::{Separator, Stream};
use crate::sys;

/// What is told of a name that cannot be opened, which is then passed over.
type Report = Box<dyn FnMut(&[u8], &Error) + Send>;

/// What has more to say about a command before it starts.
type Prepare = Box<dyn FnMut(&mut Cmd) + Send>;

/// A stream of lines over many files: see the [module](self).
pub struct Argv {
    names: VecDeque<Vec<u8>>,
    magic: bool,
    current: Option<Stream>,
    name: Vec<u8>,
    records: u64,
    separator: Separator,
    /// Nothing of the current one was read yet.
    fresh: bool,
    /// No name was looked at yet.
    first: bool,
    /// The end of all was told: the next record is the first again.
    over: bool,
    report: Report,
    prepare: Prepare,
}

impl std::fmt::Debug for Argv {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Argv({}, {} more)", String::from_utf8_lossy(&self.name), self.names.len())
    }
}

/// One line to standard error, as Perl's.
fn complain(name: &[u8], error: &Error) {
    let why = match error {
        Error::Os { errno, .. } => text(*errno),
        other => other.to_string(),
    };
    let line = format!("Can't open {}: {why}\n", String::from_utf8_lossy(name));
    let _ = signal::without_sigpipe(|| sys::write(&block::CALM, 2, line.as_bytes()));
}

impl Argv {
    /// Over these names, as they are, or, with `magic`, as Perl's `<>` takes them. Where there is none, pushed ones
    /// counted, when the first record is asked for: standard input. Nothing is opened before it is needed.
    pub fn open<N: Into<Vec<u8>>>(names: impl IntoIterator<Item = N>, magic: bool) -> Argv {
        Argv {
            names: names.into_iter().map(Into::into).collect(),
            magic,
            current: None,
            name: Vec::new(),
            records: 0,
            separator: Separator::line(),
            fresh: true,
            first: true,
            over: false,
            report: Box::new(complain),
            prepare: Box::new(|_| ()),
        }
    }

    /// Who is told of names that cannot be opened, in place of a line to standard error.
    pub fn report(&mut self, report: impl FnMut(&[u8], &Error) + Send + 'static) {
        self.report = Box::new(report);
    }

    /// Who has more to say about each command of the names before it starts: which signals to put back, say.
    pub fn prepare(&mut self, prepare: impl FnMut(&mut Cmd) + Send + 'static) {
        self.prepare = Box::new(prepare);
    }

    /// One more name, behind the others: Perl's `push @ARGV`.
    pub fn push(&mut self, name: impl Into<Vec<u8>>) {
        self.names.push_back(name.into());
    }

    /// What ends a record, in all of the files: Perl's `$/`.
    pub fn separator(&mut self, separator: Separator) -> Result<()> {
        separator.check()?;
        if let Some(stream) = &mut self.current {
            stream.separator(separator.clone())?;
        }
        self.separator = separator;
        Ok(())
    }

    /// The next record, borrowed until the next call; `None` after the last file. A record does not reach from one file
    /// into the next. Of a command whose output was read to the end no status is told: [`eof`](Argv::eof) after each record, and
    /// [`close`](Argv::close) where that is true, tell it.
    pub fn readline(&mut self) -> Result<Option<&[u8]>> {
        if self.over && !self.names.is_empty() {
            self.records = 0;
        }
        self.over = !self.at_record()?;
        let Some(stream) = self.current.as_mut().filter(|_| !self.over) else { return Ok(None) };
        // A whole file that is empty is an empty record.
        let record = stream.readline()?.unwrap_or_default();
        self.fresh = false;
        self.records += 1;
        Ok(Some(record))
    }

    /// The next record if it was found ahead: never waits. `None` says only that [`readline`](Argv::readline) has to look
    /// for it.
    #[inline]
    pub fn readline_ahead(&mut self) -> Option<&[u8]> {
        let record = self.current.as_mut()?.readline_ahead()?;
        self.fresh = false;
        self.records += 1;
        Some(record)
    }

    /// Goes to where a record is; false after the last file.
    fn at_record(&mut self) -> Result<bool> {
        loop {
            if let Some(stream) = &mut self.current {
                // Closed already: a handler gave up the wait for its command.
                let over = if stream.is_closed() { Ok(true) } else { stream.eof() };
                match over {
                    Ok(false) => return Ok(true),
                    Ok(true) if self.fresh && self.separator == Separator::Whole => return Ok(true),
                    Ok(true) => {}
                    // A directory says nothing.
                    Err(Error::Os { errno: libc::EISDIR, .. }) => {}
                    Err(error) => return Err(error),
                }
                match self.close_current() {
                    Err(error) if is_given_up(&error) => return Err(error),
                    // Going on to the next file tells no status.
                    _ => {}
                }
            }
            let first = std::mem::take(&mut self.first);
            let (name, opened) = match self.names.pop_front() {
                Some(name) => {
                    let opened = self.open_one(&name);
                    (name, opened)
                }
                // Whatever the names may be, none at all is standard input.
                None if first => (b"-".to_vec(), dup(0)),
                None => return Ok(false),
            };
            let opened = opened.and_then(|mut stream| {
                stream.separator(self.separator.clone())?;
                Ok(stream)
            });
            match opened {
                // It was not the name's fault.
                Err(error) if is_given_up(&error) => {
                    self.names.push_front(name);
                    return Err(error);
                }
                Ok(stream) => {
                    self.over = false;
                    self.name = name;
                    self.current = Some(stream);
                    self.fresh = true;
                }
                Err(error) => {
                    self.name = name;
                    (self.report)(&self.name, &error);
                }
            }
        }
    }

    fn open_one(&mut self, name: &[u8]) -> Result<Stream> {
        if !self.magic {
            return file(name);
        }
        let name = trim(name);
        match name {
            b"-" => dup(0),
            [b'|', ..] | [b'>', ..] | [b'+', b'<' | b'>', ..] => {
                Err(Error::invalid("open", "it would be written to, and this only reads"))
            }
            [b'<', b'&', handle @ ..] => match trim(handle.strip_prefix(b"=").unwrap_or(handle)) {
                b"STDIN" => dup(0),
                number => {
                    let digits = std::str::from_utf8(number).ok().filter(|digits| !digits.starts_with(['+', '-']));
                    match digits.and_then(|digits| digits.parse().ok()) {
                        Some(fd) => dup(fd),
                        None => Err(Error::at("open", name, libc::EBADF)),
                    }
                }
            },
            [b'<', path @ ..] => match skip_spaces(path) {
                b"-" => dup(0),
                path => file(path),
            },
            [.., b'|'] => {
                let (mut cmd, mode) = popen::parse(name)?;
                (self.prepare)(&mut cmd);
                popen::start(&cmd, mode)
            }
            path => file(path),
        }
    }

    /// The name of the file that was read last, as it was given: Perl's `$ARGV`; "-" for standard input.
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// How many records were read, of all files: Perl's `$.`. [`close`](Argv::close) sets it back, and so does a record of a
    /// name that was pushed when the end had been told.
    pub fn lineno(&self) -> u64 {
        self.records
    }

    /// Perl's `eof`: whether the record before was the last of its file.
    pub fn eof(&mut self) -> Result<bool> {
        self.current.as_mut().filter(|stream| !stream.is_closed()).map_or(Ok(true), Stream::eof)
    }

    /// Perl's `eof()`: whether there is no more record in any file. To know, it goes on to the next one.
    pub fn eof_all(&mut self) -> Result<bool> {
        self.at_record().map(|more| !more)
    }

    /// Perl's `close ARGV`: closes the current file, and counts records from 0 again; the status of a command.
    pub fn close(&mut self) -> Result<Option<Status>> {
        self.records = 0;
        self.close_current()
    }

    /// One whose command is still waited for when a handler gives that up stays.
    fn close_current(&mut self) -> Result<Option<Status>> {
        let Some(stream) = &mut self.current else { return Ok(None) };
        self.fresh = false;
        let closed = stream.close();
        if !closed.as_ref().is_err_and(is_given_up) {
            self.current = None;
        }
        closed
    }
}

/// The caller's own doing, or its host's.
fn is_given_up(error: &Error) -> bool {
    matches!(error, Error::Abandoned { .. } | Error::Interrupted { .. })
}

fn dup(fd: i32) -> Result<Stream> {
    Stream::adopt(sys::dup(fd).map_err(|errno| Error::at("open", fd.to_string(), errno))?)
}

fn file(name: &[u8]) -> Result<Stream> {
    let path = CString::new(name).map_err(|_| Error::invalid("open", "a NUL inside the name"))?;
    let fd = block::call(|word| sys::open(word, &path, libc::O_RDONLY, 0)).map_err(|stop| stop.at("open", name))?;
    Stream::adopt(fd)
}
