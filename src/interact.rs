//! The user's terminal joined with a child's: Expect.pm's `interact`.
//!
//! What is typed goes to the child, what the child says is shown, until the escape key is typed or the child has ended.
//! Meanwhile the user's terminal is raw: its keys are the child's, Control-C too. Its size is the child's, also when it
//! changes. It is put back on every way out, when a signal ends or stops this process too.
//!
//! Patterns seen on the way can be told of: keys, which are taken out of what is typed, and regular expressions on either
//! side, which look on. [`Interact::next`] then comes back, with the terminal as it was before, and is called again to
//! go on.
//!
//! The child's terminal is as it was made: for a person's use say [`Cmd::terminal`](crate::Cmd::terminal)`("echo,crlf")`.
//! A stream that is no pty is joined too, but with the user's terminal as it is, a line at a time.

use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use std::time::Duration;

use crate::block::{self, Stop, Way};
use crate::child::Child;
use crate::error::{Error, Result};
use crate::expect::{Seen, Watch};
use crate::signal::Raw;
use crate::stream::{Reader, Shared, Stream, Writer};
use crate::sys;
use crate::sys::tty::Modes;
use crate::time::{Deadline, Unasked};

/// Control-].
const ESCAPE: u8 = 0x1d;
/// How much of what passed is kept for a match that goes on.
const WINDOW: usize = 64 * 1024;
/// How much one side may say before the other has taken it.
const AHEAD: usize = 64 * 1024;
/// How long the beginning of a key waits for its rest: longer than a person needs from one key to the next.
const HELD: Duration = Duration::from_millis(500);

/// Why [`Interact::next`] came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The child has said all it will say.
    Eof,
    /// The escape key was typed.
    Escape,
    /// The user's terminal was hung up.
    Input,
    /// A pattern was seen: the number that [`Interact::key`], [`Interact::input`] or [`Interact::output`] gave it.
    Seen(usize),
}

/// The user's side of a conversation with a child: see the [module](self).
#[derive(Debug)]
pub struct Interact {
    input: RawFd,
    output: RawFd,
    escape: Option<u8>,
    keys: Vec<Key>,
    watches: [Side; 2],
    patterns: usize,
    /// Typed and not yet looked at; its beginning may be that of a key, until then.
    typed: Vec<u8>,
    held: Option<Deadline>,
    /// Nothing more is typed, and the child knows.
    over: bool,
    told: bool,
    /// On their way.
    to_child: Vec<u8>,
    to_user: Vec<u8>,
    /// What the child was told last ended a line.
    at_line: bool,
    seen: Seen,
    /// Seen, and to be told when all before it is shown.
    due: Option<Event>,
}

#[derive(Debug)]
struct Key {
    text: Vec<u8>,
    event: Event,
}

/// What looks on at one side, and the number of each of its patterns.
#[derive(Debug)]
struct Side {
    watch: Watch,
    numbers: Vec<usize>,
}

const TYPED: usize = 0;
const SAID: usize = 1;

impl Default for Interact {
    fn default() -> Interact {
        Interact::new()
    }
}

impl Interact {
    /// With the standard input and output as the user's terminal, and Control-] as the escape key.
    pub fn new() -> Interact {
        let side = || Side { watch: Watch::new(WINDOW), numbers: Vec::new() };
        Interact {
            input: 0,
            output: 1,
            escape: Some(ESCAPE),
            keys: Vec::new(),
            watches: [side(), side()],
            patterns: 0,
            typed: Vec::new(),
            held: None,
            over: false,
            told: false,
            to_child: Vec::new(),
            to_user: Vec::new(),
            at_line: true,
            seen: Seen::default(),
            due: None,
        }
    }

    /// The key that ends it, which the child does not get; `None`: there is none.
    pub fn escape(&mut self, key: Option<u8>) -> &mut Interact {
        self.escape = key;
        self
    }

    /// The descriptors of the user's terminal, lent for as long as this lives. What is read from and written to need not
    /// be a terminal: at the end of what can be read the child is told so, and is listened to until it ends; a line that is
    /// too long for a child's terminal that hands on lines is [`Error::TooLong`], as of [`Stream::write`].
    pub fn terminal(&mut self, input: RawFd, output: RawFd) -> &mut Interact {
        self.input = input;
        self.output = output;
        self
    }

    /// A key, or several in a row, that the child does not get. Its number.
    pub fn key(&mut self, text: impl AsRef<[u8]>) -> Result<usize> {
        if text.as_ref().is_empty() {
            return Err(Error::invalid("interact", "an empty key"));
        }
        let number = self.patterns;
        self.keys.push(Key { text: text.as_ref().to_vec(), event: Event::Seen(number) });
        self.patterns += 1;
        Ok(number)
    }

    /// A regular expression in what the user types; the child gets that all the same. Its number.
    pub fn input(&mut self, pattern: &str) -> Result<usize> {
        self.watch(TYPED, pattern)
    }

    /// A regular expression in what the child says; it is shown all the same. Its number.
    pub fn output(&mut self, pattern: &str) -> Result<usize> {
        self.watch(SAID, pattern)
    }

    fn watch(&mut self, side: usize, pattern: &str) -> Result<usize> {
        let number = self.patterns;
        if let Some(side) = self.watches.get_mut(side) {
            side.watch.regex(pattern)?;
            side.numbers.push(number);
        }
        self.patterns += 1;
        Ok(number)
    }

    /// What matched last; `group` 0 is all of it, the others are the groups of the regular expression. `None` for a group
    /// that took no part.
    pub fn seen(&self, group: usize) -> Option<&[u8]> {
        self.seen.group(group)
    }

    /// How many groups that has, without the whole match.
    pub fn groups(&self) -> usize {
        self.seen.groups()
    }

    /// Joins the two until there is something to tell, or the deadline, or the stream's own; its limit of each call does
    /// not count. The terminal is as it was before when this comes back; with another call it goes on, and nothing is
    /// lost in between: what the child said behind a match is unread in the stream.
    ///
    /// One terminal at a time can be joined in a process ([`Error::Busy`]).
    pub fn next(&mut self, stream: &mut Stream, deadline: Deadline) -> Result<Event> {
        let (reader, writer) = stream.halves()?;
        self.step(reader, writer, deadline)
    }

    pub(crate) fn step(&mut self, reader: &mut Reader, writer: &mut Writer, deadline: Deadline) -> Result<Event> {
        let user = User::open(self.input, self.output)?;
        let child = reader.shared.clone();
        let deadline = deadline.min(child.deadline_of_all(Way::In));
        let raw = match (&user.modes, child.is_pty()) {
            (Some(modes), true) => Some(Raw::new(self.input, child.poll_fd(), user.raw(modes, &child))?),
            _ => None,
        };
        // What was written and has not gone out was said before all that is typed.
        let mut first = writer.take_pending();
        first.append(&mut self.to_child);
        self.to_child = first;
        let answer = Join { at: self, user, child, raw }.run(reader, deadline);
        let unsent = std::mem::take(&mut self.to_child);
        if !matches!(answer, Ok(Event::Eof)) {
            writer.put_pending(&unsent);
            // Who reads next waits for what is answered to that. What has no room now goes out with the next flush.
            let _ = writer.flush_until(Deadline::NOW);
        }
        answer
    }
}

/// The user's two descriptors, as streams on duplicates.
struct User {
    input: Arc<Shared>,
    output: Arc<Shared>,
    /// The terminal's, if there is one.
    modes: Option<Modes>,
}

impl User {
    fn open(input: RawFd, output: RawFd) -> Result<User> {
        let stream = |fd: RawFd| {
            let copy = sys::dup(fd).map_err(|errno| Error::at("interact", fd.to_string(), errno))?;
            Ok(Stream::adopt(copy)?.shared().clone())
        };
        let modes = match sys::tty::modes(input) {
            Ok(modes) => Some(modes),
            Err(libc::ENOTTY | libc::EINVAL) => None,
            Err(errno) => return Err(Error::at("interact", "terminal", errno)),
        };
        Ok(User { input: stream(input)?, output: stream(output)?, modes })
    }

    /// Raw; but newlines become CR LF here where the child's terminal was not made to change them.
    fn raw(&self, modes: &Modes, child: &Shared) -> Modes {
        let mut raw = modes.raw();
        if !child.is_crlf() {
            raw.output = modes.output;
        }
        raw
    }
}

/// One call.
struct Join<'a> {
    at: &'a mut Interact,
    user: User,
    child: Arc<Shared>,
    raw: Option<Raw>,
}

fn stopped(stop: Stop) -> Error {
    stop.error("interact")
}

impl Join<'_> {
    fn run(&mut self, reader: &mut Reader, deadline: Deadline) -> Result<Event> {
        let mut ended = false;
        let mut unasked = Unasked::default();
        loop {
            if unasked.is_late(deadline) {
                return Err(stopped(Stop::Timeout));
            }
            if let Some(event) = self.at.due {
                self.show(deadline)?;
                self.at.due = None;
                return Ok(event);
            }
            let said = reader.take_buffered();
            unasked.moved(said.len());
            self.said(&said, reader)?;
            if self.at.due.is_some() {
                continue;
            }
            if ended {
                self.show(deadline)?;
                return Ok(Event::Eof);
            }
            if let Some(event) = self.typed()? {
                return Ok(event);
            }
            ended = self.turn(reader, deadline)?;
        }
    }

    /// Passes on what the child said.
    fn said(&mut self, said: &[u8], reader: &mut Reader) -> Result<()> {
        let [_, side] = &mut self.at.watches;
        let seen = if said.is_empty() { None } else { side.watch.pass(said)? };
        let Some(seen) = seen else {
            self.at.to_user.extend_from_slice(said);
            return Ok(());
        };
        let (shown, rest) = said.split_at(seen.taken.min(said.len()));
        self.at.to_user.extend_from_slice(shown);
        reader.put_back(rest);
        self.at.due = side.numbers.get(seen.index).copied().map(Event::Seen);
        self.at.seen = seen;
        Ok(())
    }

    /// Shows all there is.
    fn show(&mut self, deadline: Deadline) -> Result<()> {
        let (done, answer) = self.user.output.write(&self.at.to_user, deadline);
        self.at.to_user.drain(..done);
        answer.map_err(stopped)
    }

    /// Passes on what was typed.
    fn typed(&mut self) -> Result<Option<Event>> {
        let (free, key) = self.next_key();
        if free > 0 {
            let [side, _] = &mut self.at.watches;
            let free_bytes = self.at.typed.get(..free).unwrap_or_default();
            let seen = side.watch.pass(free_bytes)?;
            let taken = seen.as_ref().map_or(free, |seen| seen.taken.min(free));
            if self.user.modes.is_none() {
                self.child.check_line(free_bytes.get(..taken).unwrap_or_default())?;
            }
            let passed: Vec<u8> = self.at.typed.drain(..taken).collect();
            let number = seen.as_ref().and_then(|seen| side.numbers.get(seen.index).copied());
            self.pass(&passed);
            if let (Some(seen), Some(number)) = (seen, number) {
                self.at.seen = seen;
                return Ok(Some(Event::Seen(number)));
            }
        }
        let Some((len, event)) = key else {
            return if self.at.over { self.over() } else { Ok(None) };
        };
        let key: Vec<u8> = self.at.typed.drain(..len).collect();
        self.at.seen = Seen::of(0, &key);
        Ok(Some(event))
    }

    /// How much of what was typed belongs to no key, and the key behind it.
    fn next_key(&mut self) -> (usize, Option<(usize, Event)>) {
        let typed = &self.at.typed;
        let late = self.at.over || self.at.held.is_some_and(Deadline::passed);
        for at in 0..typed.len() {
            let rest = typed.get(at..).unwrap_or_default();
            if self.at.escape.is_some() && self.at.escape == rest.first().copied() {
                self.at.held = None;
                return (at, Some((1, Event::Escape)));
            }
            if let Some(key) = self.at.keys.iter().find(|key| rest.starts_with(&key.text)) {
                self.at.held = None;
                return (at, Some((key.text.len(), key.event)));
            }
            if !late && self.at.keys.iter().any(|key| key.text.starts_with(rest)) {
                if at > 0 || self.at.held.is_none() {
                    self.at.held = Some(Deadline::after(Some(HELD)));
                }
                return (at, None);
            }
        }
        self.at.held = None;
        (typed.len(), None)
    }

    /// To the child, but for the key that stops it where that has to be done here.
    fn pass(&mut self, typed: &[u8]) {
        let mut rest = typed;
        if let Some(key) = self.suspend_key(typed) {
            while let Some(at) = memchr::memchr(key, rest) {
                let (before, behind) = rest.split_at(at);
                self.at.to_child.extend_from_slice(before);
                rest = behind.get(1..).unwrap_or_default();
                self.suspend();
            }
        }
        self.at.to_child.extend_from_slice(rest);
        if let Some(last) = self.at.to_child.last() {
            self.at.at_line = *last == b'\n' || *last == b'\r';
        }
    }

    /// The key that would stop the child, where nobody but this process could let it go on again: a stop by its terminal
    /// would be in vain then. A shell there does its own job control.
    fn suspend_key(&self, typed: &[u8]) -> Option<u8> {
        if !self.raw.as_ref()?.stops {
            return None;
        }
        let fd = self.child.poll_fd();
        let key = sys::tty::modes(fd).ok()?.suspend_key()?;
        memchr::memchr(key, typed)?;
        let child = self.child.child()?;
        let alone = sys::tty::foreground(fd) == Ok(child.pid()) && child.poll().ok()?.is_none();
        (alone && !takes_stop(child)).then_some(key)
    }

    /// Stops the child's processes and this one's, whose user is back at the shell then, until it is let go on.
    fn suspend(&self) {
        let (Some(raw), Some(child)) = (&self.raw, self.child.child()) else { return };
        let group = -child.pid();
        // It was there just now and nobody has waited for it: the group is its own.
        let _ = sys::kill(group, libc::SIGSTOP);
        raw.suspend();
        let _ = sys::kill(group, libc::SIGCONT);
    }

    /// Waits until one side can go on, and lets it; whether the child has said all.
    fn turn(&mut self, reader: &mut Reader, deadline: Deadline) -> Result<bool> {
        let listens = self.at.to_user.len() < AHEAD;
        let types = !self.at.over && self.at.typed.len() < AHEAD && self.at.to_child.len() < AHEAD;
        let wanted = |fd: RawFd, events: i16| block::entry(if events == 0 { -1 } else { fd }, events);
        let either = |on: bool, events: i16| if on { events } else { 0 };
        let fd = self.child.poll_fd();
        let pidfd = self.child.child().and_then(Child::pidfd).map_or(-1, |pidfd| pidfd.as_raw_fd());
        let child = either(listens, libc::POLLIN) | either(!self.at.to_child.is_empty(), libc::POLLOUT);
        let mut fds = [
            wanted(fd, child),
            wanted(pidfd, either(listens, libc::POLLIN)),
            wanted(self.user.input.poll_fd(), either(types, libc::POLLIN)),
            wanted(self.user.output.poll_fd(), either(!self.at.to_user.is_empty(), libc::POLLOUT)),
            block::SPARE,
        ];
        let until = self.at.held.map_or(deadline, |held| held.min(deadline));
        let found = block::poll_beside(&[Some(&self.child.gate)], &mut fds, until).map_err(stopped)?;
        if found == 0 && deadline.passed() {
            return Err(stopped(Stop::Timeout));
        }
        let [child, gone, typed, shown, _] = fds.map(|entry| entry.revents != 0);
        if shown {
            let n = written(self.user.output.write_ready(&self.at.to_user))?;
            self.at.to_user.drain(..n);
        }
        let mut refused = None;
        if child && !self.at.to_child.is_empty() {
            match written(self.child.write_ready(&self.at.to_child)) {
                Ok(n) => drop(self.at.to_child.drain(..n)),
                // If it listens no more, what it said and its end are to be read.
                Err(error) if self.child.is_refusal(error.errno()) => {
                    self.at.to_child.clear();
                    refused = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
        if typed {
            self.read_typed()?;
        }
        if listens && (child || gone) {
            return match reader.fill(1, Deadline::NOW) {
                Ok(more) => Ok(!more),
                Err(error) if error.is_timeout() => refused.map_or(Ok(false), Err),
                Err(error) => Err(error.for_step("interact")),
            };
        }
        Ok(false)
    }

    fn read_typed(&mut self) -> Result<()> {
        let mut room = [0; 4096];
        let n = match self.user.input.read_ready(&mut room) {
            Err(Stop::Errno(libc::EAGAIN)) => return Ok(()),
            // A terminal that was hung up; of a file it is a failure.
            Err(Stop::Errno(libc::EIO)) if self.user.modes.is_some() => 0,
            answer => answer.map_err(stopped)?,
        };
        self.at.over = n == 0;
        self.at.typed.extend_from_slice(room.get(..n).unwrap_or_default());
        Ok(())
    }

    /// Nothing more is typed: the child is told, once; a terminal that is gone is an end.
    fn over(&mut self) -> Result<Option<Event>> {
        if self.user.modes.is_some() {
            return Ok(Some(Event::Input));
        }
        if self.at.told {
            return Ok(None);
        }
        if self.child.is_pty() {
            let modes = |fd| sys::tty::modes(fd).map_err(|errno| Error::at("interact", "pty", errno));
            let modes = self.child.aside("interact", modes)?;
            // In the midst of a line the first only ends that.
            let times = if self.at.at_line { 1 } else { 2 };
            self.at.to_child.extend(modes.eof_key().iter().cycle().take(times));
        } else if self.at.to_child.is_empty() {
            self.child.end_of_input().map_err(stopped)?;
        } else {
            return Ok(None);
        }
        self.at.told = true;
        Ok(None)
    }
}

/// Nothing could be written after all.
fn written(answer: block::Wait<usize>) -> Result<usize> {
    match answer {
        Err(Stop::Errno(libc::EAGAIN)) => Ok(0),
        answer => answer.map_err(stopped),
    }
}

/// Whether a process ignores or handles the stop of its terminal: such a one is not stopped by it.
fn takes_stop(child: &Child) -> bool {
    let path = std::ffi::CString::new(format!("/proc/{}/status", child.pid())).unwrap_or_default();
    let mut room = [0; 4096];
    let len = sys::small_file(&path, &mut room).unwrap_or(0);
    let text = String::from_utf8_lossy(room.get(..len).unwrap_or_default());
    let set = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        u64::from_str_radix(line.trim(), 16).ok()
    };
    let sets = set("SigIgn:").unwrap_or(u64::MAX) | set("SigCgt:").unwrap_or(u64::MAX);
    sets & (1 << (libc::SIGTSTP - 1)) != 0
}
