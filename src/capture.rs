//! Backticks: what a finished child said, with its input fed and its outputs drained at once, so that no full pipe can
//! stand in the way.

use std::sync::Arc;

use crate::block::{self, Stop, Wait};
use crate::child::Child;
use crate::cmd::Cmd;
use crate::error::{Error, Result};
use crate::popen;
use crate::signal;
use crate::status::Status;
use crate::stream::{Shared, Stream};
use crate::sys;
use crate::time::Deadline;

/// What a finished child said, and how it ended.
#[derive(Debug)]
pub struct Capture {
    output: Kept,
    errors: Kept,
    status: Status,
    stopped: Option<Error>,
}

impl Capture {
    /// Its standard output; with a limit, the beginning and the end of it.
    pub fn output(&self) -> &[u8] {
        self.output.bytes()
    }

    /// Its standard error, unless that went elsewhere.
    pub fn errors(&self) -> &[u8] {
        self.errors.bytes()
    }

    /// How many bytes of a descriptor (1 or 2) the limit dropped from the middle.
    pub fn dropped(&self, fd: i32) -> u64 {
        if fd == 2 { self.errors.dropped } else { self.output.dropped }
    }

    /// How it ended.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Whether the deadline ended it; what came until then is here.
    pub fn timed_out(&self) -> bool {
        self.stopped.as_ref().is_some_and(Error::is_timeout)
    }

    /// Why it was ended before its time: the deadline, or a handler that gave the call up.
    pub fn stopped(&self) -> Option<&Error> {
        self.stopped.as_ref()
    }

    /// The output as a vector, without a copy where it is one already.
    pub fn into_output(self) -> Vec<u8> {
        match self.output.store {
            Store::Small(bytes) if self.output.tail.is_empty() => bytes,
            _ => self.output.bytes().to_vec(),
        }
    }
}

/// Runs the command with `input` as its standard input (`None`: this process's) and gives all it says on its standard
/// output and, unless the command says where it goes, its standard error.
///
/// At the deadline the child's tree is ended (see [`Cmd::grace`]), and what it had said is given with the status; a
/// descendant that has run away and keeps the pipe keeps nobody waiting. The error is for what could not be started.
pub fn run(cmd: &Cmd, input: Option<&[u8]>, deadline: Deadline) -> Result<Capture> {
    Ok(start(cmd, input.is_some())?.finish(input.unwrap_or_default(), deadline))
}

/// The beginning of [`run`], for who has something to do between that and the waiting. `feed`: it will get input.
pub fn start(cmd: &Cmd, feed: bool) -> Result<Capturing<'_>> {
    let mut fds = Vec::with_capacity(3);
    if feed {
        if cmd.is_placed(0) {
            return Err(Error::invalid("capture", "there is input, but the standard input is redirected"));
        }
        fds.push(0);
    }
    fds.extend([1, 2].into_iter().filter(|fd| !cmd.is_placed(*fd)));
    if fds.last().is_none_or(|fd| *fd == 0) {
        return Err(Error::invalid("capture", "both outputs are redirected: there is nothing to capture"));
    }
    let streams = popen::start_with(cmd, &fds)?;
    let Some(child) = streams.first().and_then(Stream::child).cloned() else {
        return Err(Error::os("capture", libc::ECHILD));
    };
    Ok(Capturing { cmd, child, ends: fds.into_iter().zip(streams).collect() })
}

/// A capture under way: see [`start`].
#[derive(Debug)]
pub struct Capturing<'a> {
    cmd: &'a Cmd,
    child: Child,
    ends: Vec<(i32, Stream)>,
}

impl Capturing<'_> {
    /// What was started.
    pub fn child(&self) -> &Child {
        &self.child
    }

    /// Feeds it, drains it, waits for its end; see [`run`].
    pub fn finish(self, input: &[u8], deadline: Deadline) -> Capture {
        let mut pump = Pump::new(self.cmd.capture_limit());
        for (fd, stream) in self.ends {
            match fd {
                0 => pump.input = Some((stream.shared().clone(), input)),
                1 => pump.output = Some(stream.shared().clone()),
                _ => pump.errors = Some(stream.shared().clone()),
            }
        }
        let pumped = pump.run(deadline);
        pump.finish(self.cmd, &self.child, pumped, deadline)
    }
}

/// Several ends at once: feeds one, drains the others.
struct Pump<'a> {
    input: Option<(Arc<Shared>, &'a [u8])>,
    output: Option<Arc<Shared>>,
    errors: Option<Arc<Shared>>,
    kept: [Kept; 2],
}

impl<'a> Pump<'a> {
    fn new(limit: Option<usize>) -> Pump<'a> {
        Pump { input: None, output: None, errors: None, kept: [Kept::new(limit), Kept::new(limit)] }
    }

    /// Until all ends are at their end.
    fn run(&mut self, deadline: Deadline) -> Wait<()> {
        loop {
            signal::ask_host_at_times()?;
            if self.input.as_ref().is_some_and(|(_, rest)| rest.is_empty()) {
                self.input = None;
            }
            let mut fds = [block::entry(-1, 0); 3];
            let mut active = 0;
            let ends = [
                self.input.as_ref().map(|(shared, _)| (shared, libc::POLLOUT)),
                self.output.as_ref().map(|shared| (shared, libc::POLLIN)),
                self.errors.as_ref().map(|shared| (shared, libc::POLLIN)),
            ];
            for (entry, end) in fds.iter_mut().zip(ends) {
                if let Some((shared, events)) = end {
                    *entry = block::entry(shared.poll_fd(), events);
                    active += 1;
                }
            }
            if active == 0 {
                return Ok(());
            }
            let alone = active == 1 && self.input.is_none() && deadline.is_never();
            if alone {
                // One end to read and no limit: the bare call waits best.
                for entry in &mut fds {
                    entry.revents = if entry.fd >= 0 { libc::POLLIN } else { 0 };
                }
            } else if block::poll(&mut fds, deadline)? == 0 {
                return Err(Stop::Timeout);
            }
            if fds[0].revents != 0 {
                if let Some((shared, rest)) = &mut self.input {
                    match shared.write_ready(rest) {
                        Ok(n) => *rest = &rest[n..],
                        Err(Stop::Errno(libc::EAGAIN)) => {}
                        // It does not want to hear more: no failure of ours.
                        Err(Stop::Errno(libc::EPIPE | libc::ECONNRESET)) => self.input = None,
                        Err(stop) => return Err(stop),
                    }
                }
            }
            let [output, errors] = &mut self.kept;
            for (shared, kept, entry) in [(&mut self.output, output, &fds[1]), (&mut self.errors, errors, &fds[2])] {
                if entry.revents == 0 {
                    continue;
                }
                let Some(end) = shared else { continue };
                if kept.read(|room| end.read_ready(room))? == 0 {
                    *shared = None;
                }
            }
        }
    }

    /// What is there now and needs no waiting.
    fn drain(&mut self) {
        let [output, errors] = &mut self.kept;
        for (shared, kept) in [(&mut self.output, output), (&mut self.errors, errors)] {
            let Some(end) = shared else { continue };
            loop {
                let mut fds = [block::entry(end.poll_fd(), libc::POLLIN)];
                let ready = matches!(sys::poll(&block::CALM, &mut fds, Some(0)), Ok(n) if n > 0);
                // A descendant that goes on writing must not keep us here.
                if !ready || kept.total > DRAIN_LIMIT + kept.at_deadline {
                    break;
                }
                match kept.read(|room| end.read_ready(room)) {
                    Ok(0) | Err(_) => break,
                    Ok(_) => {}
                }
            }
        }
    }

    /// Waits for the child, or ends it.
    fn finish(mut self, cmd: &Cmd, child: &Child, pumped: Wait<()>, deadline: Deadline) -> Capture {
        let ended = match pumped {
            Ok(()) => {
                self.input = None;
                child.wait_stop(deadline)
            }
            Err(stop) => Err(stop),
        };
        let (status, stopped) = match ended {
            Ok(status) => (status, None),
            Err(stop) => {
                for kept in &mut self.kept {
                    kept.at_deadline = kept.total;
                }
                self.input = None;
                self.drain();
                let status = child.end_stop(cmd.grace_time()).unwrap_or(Status::UNKNOWN);
                self.drain();
                (status, Some(stop.at("capture", cmd.name())))
            }
        };
        let [output, errors] = self.kept;
        Capture { output: output.done(), errors: errors.done(), status, stopped }
    }
}

/// Read after the deadline at most: what the pipe held, and what the child said on being ended.
const DRAIN_LIMIT: u64 = 1 << 20;

/// Bytes that come, up to a limit: then the first half of it and the last half are kept, and the rest is counted.
#[derive(Debug)]
struct Kept {
    store: Store,
    len: usize,
    limit: usize,
    /// The last bytes, as a ring, once the head is full.
    tail: Vec<u8>,
    tail_at: usize,
    dropped: u64,
    total: u64,
    at_deadline: u64,
}

/// Small in a vector; large in pages of its own, huge ones where the kernel has them, grown without a copy: faults on
/// fresh small pages would cost more than the pipe.
enum Store {
    Small(Vec<u8>),
    Large(sys::Pages),
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

const PIECE: usize = 64 * 1024;
const FIRST: usize = 4 * 1024;
const LARGE: usize = 512 * 1024;
const FIRST_LARGE: usize = 8 << 20;

impl Kept {
    fn new(limit: Option<usize>) -> Kept {
        Kept {
            store: Store::Small(Vec::new()),
            len: 0,
            limit: limit.unwrap_or(usize::MAX),
            tail: Vec::new(),
            tail_at: 0,
            dropped: 0,
            total: 0,
            at_deadline: 0,
        }
    }

    fn bytes(&self) -> &[u8] {
        match &self.store {
            Store::Small(bytes) => &bytes[..self.len],
            Store::Large(pages) => &pages.bytes()[..self.len],
        }
    }

    /// How much of the beginning is kept, when not all can be.
    fn head(&self) -> usize {
        if self.limit == usize::MAX { usize::MAX } else { self.limit - self.limit / 2 }
    }

    fn read(&mut self, read: impl FnOnce(&mut [u8]) -> Wait<usize>) -> Wait<usize> {
        let n = if self.len >= self.head() {
            let mut piece = [0; PIECE / 4];
            let n = read(&mut piece)?;
            self.push_tail(&piece[..n]);
            n
        } else {
            let most = self.head() - self.len;
            let room = self.room().map_err(Stop::Errno)?;
            let most = room.len().min(most);
            let n = read(&mut room[..most])?;
            self.len += n;
            n
        };
        self.total += n as u64;
        Ok(n)
    }

    fn push_tail(&mut self, data: &[u8]) {
        let most = self.limit / 2;
        for byte in data {
            if self.tail.len() < most {
                self.tail.push(*byte);
            } else {
                self.dropped += 1;
                if most > 0 {
                    self.tail[self.tail_at] = *byte;
                    self.tail_at = (self.tail_at + 1) % most;
                }
            }
        }
    }

    /// Room behind what is there: not less than a piece, once it is not small.
    fn room(&mut self) -> sys::Result<&mut [u8]> {
        let grow = match &self.store {
            Store::Small(bytes) if bytes.len() - self.len < FIRST => {
                if bytes.is_empty() {
                    FIRST
                } else {
                    (bytes.len() * 2).max(2 * PIECE)
                }
            }
            Store::Large(pages) if pages.len() - self.len < PIECE => pages.len() * 2,
            _ => 0,
        };
        if grow > 0 {
            match &mut self.store {
                Store::Small(bytes) if grow <= LARGE => bytes.resize(grow, 0),
                Store::Small(bytes) => {
                    let mut pages = sys::Pages::new(FIRST_LARGE, libc::MAP_NORESERVE)?;
                    let _ = pages.advise(libc::MADV_HUGEPAGE);
                    pages.bytes_mut()[..self.len].copy_from_slice(&bytes[..self.len]);
                    self.store = Store::Large(pages);
                }
                Store::Large(pages) => {
                    pages.resize(grow)?;
                    let _ = pages.advise(libc::MADV_HUGEPAGE);
                }
            }
        }
        Ok(match &mut self.store {
            Store::Small(bytes) => &mut bytes[self.len..],
            Store::Large(pages) => &mut pages.bytes_mut()[self.len..],
        })
    }

    /// The end is put behind the beginning.
    fn done(mut self) -> Kept {
        if let Store::Small(bytes) = &mut self.store {
            bytes.truncate(self.len);
        }
        if !self.tail.is_empty() {
            self.tail.rotate_left(self.tail_at);
            let mut all = self.bytes().to_vec();
            all.extend_from_slice(&self.tail);
            self.len = all.len();
            self.store = Store::Small(all);
            self.tail.clear();
        }
        self
    }
}
