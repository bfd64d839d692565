//! Backticks: what a finished child said, with its input fed and its outputs drained at once, so that no full pipe can
//! stand in the way.

mod kept;
mod pump;
mod talk;

use crate::child::Child;
use crate::cmd::Cmd;
use crate::error::{Error, Result};
use crate::popen;
use crate::status::Status;
use crate::stream::Stream;
use crate::time::Deadline;

use kept::{Kept, Store};
pub use kept::{MakeRoom, Room, huge_pages, pages};
pub(crate) use pump::Pump;
#[cfg(feature = "capi")]
pub(crate) use talk::{Ends, close_all, has_to_hear};
pub use talk::{Talk, feed, feed_each};

/// What a finished child said, and how it ended.
#[derive(Debug)]
pub struct Capture {
    output: Kept,
    errors: Kept,
    status: Status,
    stopped: Option<Error>,
    fed: usize,
    stages: Vec<Status>,
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

    /// How each command of a pipeline ended, in order; the last one's is [`status`](Capture::status).
    pub fn stages(&self) -> &[Status] {
        &self.stages
    }

    /// Whether a command of a pipeline did what it should: it succeeded, or, where it was not the last, it ended by
    /// SIGPIPE, since the next one wanted to hear no more.
    pub fn stage_ok(&self, stage: usize) -> bool {
        self.stages.get(stage).is_some_and(|status| {
            status.success() || (stage + 1 < self.stages.len() && status.signal() == Some(libc::SIGPIPE))
        })
    }

    /// How much of the input went out.
    pub fn fed(&self) -> usize {
        self.fed
    }

    /// Takes the room that an output (1 or 2) was read into out of the capture, with how many of its bytes that are; what
    /// is small or was cut by the limit is in none.
    pub fn take_room(&mut self, fd: i32) -> Option<(Box<dyn Room>, usize)> {
        let kept = if fd == 2 { &mut self.errors } else { &mut self.output };
        match std::mem::replace(&mut kept.store, Store::Small(Vec::new())) {
            Store::Large(room) => Some((room, std::mem::take(&mut kept.len))),
            small => {
                kept.store = small;
                None
            }
        }
    }

    /// The output as a vector, without a copy where it is one already.
    pub fn into_output(self) -> Vec<u8> {
        match self.output.store {
            Store::Small(bytes) => bytes,
            Store::Large(room) => room.bytes()[..self.output.len].to_vec(),
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
        self.finish_in(input, deadline, pages)
    }

    /// The same, with large outputs in rooms of the caller's making, which [`take_room`](Capture::take_room) gives back.
    pub fn finish_in(self, input: &[u8], deadline: Deadline, make: MakeRoom) -> Capture {
        let mut pump = Pump::new(self.cmd.capture_limit());
        for kept in &mut pump.kept {
            kept.make = make;
        }
        for (fd, stream) in self.ends {
            match fd {
                0 => pump.input = Some((stream.shared().clone(), input)),
                1 => pump.output = Some(stream.shared().clone()),
                _ => pump.errors = Some(stream.shared().clone()),
            }
        }
        let pumped = pump.run(deadline);
        pump.finish(self.cmd, &[self.child], pumped, deadline)
    }
}
