//! Backticks: what a finished child said, with its input fed and its outputs drained at once, so that no full pipe can
//! stand in the way.

use std::any::Any;
use std::borrow::Cow;
use std::ops::ControlFlow;
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
use crate::time::{Deadline, Unasked};

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

/// Perl's open2 and open3 without the deadlock: feeds all of `input` to the writer, closes that, and keeps all that comes
/// from the reader and the error stream until their ends; the streams are closed then, and the child is waited for.
/// What was read ahead comes first, what was still buffered for writing goes out before.
///
/// When the deadline or a handler ends it, or another thread that cancels or closes one of the streams, the capture has
/// what came, with [`stopped`](Capture::stopped); the child runs on, its status unknown, unless it has ended and a
/// descendant of it has the pipe. What is not at its end stays open: call again with the same streams and the rest of
/// the input, from [`fed`](Capture::fed) on. A stream that is closed by then is at its end; a closed writer with more to
/// say, and a stream that cannot be used so, are errors.
pub fn feed(
    mut writer: Option<&mut Stream>,
    input: &[u8],
    mut reader: Option<&mut Stream>,
    mut error: Option<&mut Stream>,
    deadline: Deadline,
) -> Result<Capture> {
    let ends = Ends::of(
        writer.as_deref_mut().filter(|writer| has_to_hear(writer.shared(), input)),
        reader.as_deref_mut().filter(|reader| !reader.is_closed()),
        error.as_deref_mut().filter(|error| !error.is_closed()),
    )?;
    let (capture, unwritten) = ends.feed(input, deadline, || {
        close_all(
            [writer.as_deref(), reader.as_deref(), error.as_deref()].map(|stream| Some(&**stream?.shared())),
            deadline,
        )
    })?;
    if let Some(writer) = writer {
        writer.put_pending(&unwritten);
    }
    Ok(capture)
}

/// Whether a writer has a part in a conversation: a closed one with more to say is an error, unless the other side has
/// refused to hear it.
pub(crate) fn has_to_hear(writer: &Shared, input: &[u8]) -> bool {
    !writer.gate.is_closed() || (!input.is_empty() && !writer.has_refused())
}

/// Closes the streams of a conversation and waits for the child; its status and what went wrong.
pub(crate) fn close_all(streams: [Option<&Shared>; 3], deadline: Deadline) -> (Status, Option<Error>) {
    let mut status = Status::UNKNOWN;
    for shared in streams.into_iter().flatten() {
        match shared.close_by(deadline, None) {
            Ok(_) | Err(Error::Closed { .. }) => status = shared.known_status().unwrap_or(status),
            Err(error) => return (shared.known_status().unwrap_or(status), Some(error)),
        }
    }
    (status, None)
}

/// The ends of a conversation, with what was buffered for writing and read ahead.
#[derive(Default)]
pub(crate) struct Ends {
    pub(crate) writer: Option<(Arc<Shared>, Vec<u8>)>,
    pub(crate) readers: [Option<(Arc<Shared>, Vec<u8>)>; 2],
}

impl Ends {
    fn of(writer: Option<&mut Stream>, reader: Option<&mut Stream>, error: Option<&mut Stream>) -> Result<Ends> {
        let mut ends = Ends::default();
        let mut readers = [reader, error];
        // Nothing is taken out of one before all are known to be of use: the error would lose it.
        for stream in readers.iter_mut().flatten() {
            stream.check_reads()?;
        }
        if let Some(writer) = writer {
            ends.writer = Some((writer.shared().clone(), writer.take_pending()?));
        }
        for (end, stream) in ends.readers.iter_mut().zip(readers) {
            if let Some(stream) = stream {
                let ahead = stream.take_ahead()?;
                *end = Some((stream.shared().clone(), ahead));
            }
        }
        Ok(ends)
    }

    /// See [`feed`]: the capture, and what was buffered for writing and did not go out. `close` is called when all is
    /// said and heard; the status and what went wrong.
    pub(crate) fn feed(
        self,
        input: &[u8],
        deadline: Deadline,
        close: impl FnOnce() -> (Status, Option<Error>),
    ) -> Result<(Capture, Vec<u8>)> {
        let mut pump = Pump::new(None);
        pump.lent = true;
        let all = self.readers.iter().chain([&self.writer]).flatten();
        let child = all.filter_map(|(shared, _)| shared.child()).next().cloned();
        let (writer, pending) = self.writer.unzip();
        let pending = pending.unwrap_or_default();
        let all = if pending.is_empty() { None } else { Some([&pending, input].concat()) };
        pump.input = writer.map(|writer| (writer, all.as_deref().unwrap_or(input)));
        for (i, end) in self.readers.into_iter().enumerate() {
            let Some((shared, ahead)) = end else { continue };
            pump.kept[i].push(&ahead).map_err(|errno| Error::os("capture", errno))?;
            *(if i == 0 { &mut pump.output } else { &mut pump.errors }) = Some(shared);
        }
        let (status, stopped) = match pump.run(deadline) {
            Ok(()) => close(),
            Err(stop) => {
                // It may have ended: a descendant of it keeps the pipe then.
                let ended = child.filter(Child::has_ended).and_then(|child| child.status());
                (ended.unwrap_or(Status::UNKNOWN), Some(stop.error("capture")))
            }
        };
        let unwritten = if stopped.is_some() { pending.get(pump.fed..).unwrap_or_default().to_vec() } else { vec![] };
        let fed = pump.fed.saturating_sub(pending.len());
        let [output, errors] = pump.kept;
        Ok((
            Capture { output: output.done(), errors: errors.done(), status, stopped, fed, stages: vec![status] },
            unwritten,
        ))
    }
}

/// The same, a piece at a time: gives each piece to `piece` with the descriptor it came from (1 or 2), as it comes, and
/// keeps nothing. `piece` answers whether to go on. The streams stay open, but for the writer, which is closed when
/// all input is out.
///
/// When it ends before, what was read ahead and not given is in the streams again, and so is what was buffered for writing
/// and did not go out; how much of `input` did nobody can tell.
pub fn feed_each(
    mut writer: Option<&mut Stream>,
    input: &[u8],
    mut reader: Option<&mut Stream>,
    mut error: Option<&mut Stream>,
    deadline: Deadline,
    mut piece: impl FnMut(i32, &[u8]) -> bool,
) -> Result<()> {
    let mut talk = Talk::new(writer.as_deref_mut(), input, reader.as_deref_mut(), error.as_deref_mut())?;
    let ended = talk.each(deadline, |fd, bytes| match piece(fd, bytes) {
        true => ControlFlow::Continue(()),
        false => ControlFlow::Break(()),
    });
    let (pending, ahead) = talk.rest();
    if let Some(writer) = writer {
        writer.put_pending(pending);
    }
    for (stream, ahead) in [reader, error].into_iter().zip(ahead) {
        if let (Some(stream), false) = (stream, ahead.is_empty()) {
            stream.unread(ahead, 0);
        }
    }
    ended.map(drop)
}

/// The same, pulled: each [`next`](Talk::next) feeds as much as there is room for while it waits for a piece. Dropped before
/// the end, it takes along what was buffered in the streams and it had not passed on yet.
pub struct Talk<'a> {
    writer: Option<Arc<Shared>>,
    input: Cow<'a, [u8]>,
    /// How much of that was buffered by the writer.
    pending: usize,
    fed: usize,
    /// By all calls, which most often have one deadline.
    unasked: Unasked,
    ends: [Option<Arc<Shared>>; 2],
    ahead: [Vec<u8>; 2],
    room: Vec<u8>,
}

impl<'a> Talk<'a> {
    /// A conversation over these streams, with all that shall be said.
    pub fn new(
        writer: Option<&mut Stream>,
        input: impl Into<Cow<'a, [u8]>>,
        reader: Option<&mut Stream>,
        error: Option<&mut Stream>,
    ) -> Result<Talk<'a>> {
        Ok(Talk::over(Ends::of(writer, reader, error)?, input.into()))
    }

    pub(crate) fn over(ends: Ends, input: Cow<'a, [u8]>) -> Talk<'a> {
        let (writer, pending) = ends.writer.unzip();
        let pending = pending.unwrap_or_default();
        let input = if pending.is_empty() { input } else { Cow::Owned([&pending, &*input].concat()) };
        let [reader, error] = ends.readers.map(Option::unzip);
        let ahead = [reader.1.unwrap_or_default(), error.1.unwrap_or_default()];
        let (pending, ends) = (pending.len(), [reader.0, error.0]);
        Talk { writer, input, pending, fed: 0, unasked: Unasked::default(), ends, ahead, room: vec![0; PIECE] }
    }

    /// What the streams had buffered and was not passed on: for writing, and read ahead.
    pub(crate) fn rest(&self) -> (&[u8], [&[u8]; 2]) {
        let pending = self.input.get(self.fed..self.pending).unwrap_or_default();
        (pending, self.ahead.each_ref().map(Vec::as_slice))
    }

    /// The next piece, with the descriptor it came from (1 or 2); `None` when all is said and heard. After a timeout
    /// it goes on where it was.
    pub fn next(&mut self, deadline: Deadline) -> Result<Option<(i32, &[u8])>> {
        match self.step(deadline).map_err(|stop| stop.error("capture"))? {
            None => Ok(None),
            Some((fd, len)) => Ok(Some((fd, &self.room[..len]))),
        }
    }

    /// Gives each piece to `piece`, until that breaks off with something.
    pub(crate) fn each<B>(
        &mut self,
        deadline: Deadline,
        mut piece: impl FnMut(i32, &[u8]) -> ControlFlow<B>,
    ) -> Result<Option<B>> {
        while let Some((fd, bytes)) = self.next(deadline)? {
            if let ControlFlow::Break(why) = piece(fd, bytes) {
                return Ok(Some(why));
            }
        }
        Ok(None)
    }

    fn step(&mut self, deadline: Deadline) -> Wait<Option<(i32, usize)>> {
        for (fd, ahead) in [1, 2].into_iter().zip(&mut self.ahead) {
            if !ahead.is_empty() {
                let len = ahead.len().min(self.room.len());
                self.room[..len].copy_from_slice(&ahead[..len]);
                ahead.drain(..len);
                return Ok(Some((fd, len)));
            }
        }
        loop {
            if self.unasked.is_late(deadline) {
                return Err(Stop::Timeout);
            }
            if self.fed >= self.input.len() {
                if let Some(writer) = self.writer.take() {
                    writer.end_of_input()?;
                }
            }
            let [output, errors] = &self.ends;
            let ends = [self.writer.as_ref(), output.as_ref(), errors.as_ref()];
            let (mut fds, active) = wanted(ends);
            if active == 0 {
                return Ok(None);
            }
            if block::poll_beside(&ends.map(|end| end.map(|end| &end.gate)), &mut fds, deadline)? == 0 {
                return Err(Stop::Timeout);
            }
            if fds[0].revents != 0 {
                if let Some(writer) = &self.writer {
                    match writer.write_ready(&self.input[self.fed..]) {
                        Ok(n) => {
                            self.fed += n;
                            self.unasked.moved(n);
                        }
                        Err(Stop::Errno(libc::EAGAIN)) => {}
                        Err(Stop::Errno(errno)) if writer.refuses(errno) => self.fed = self.input.len(),
                        Err(stop) => return Err(stop),
                    }
                }
            }
            for ((fd, end), i) in [1, 2].into_iter().zip(&mut self.ends).zip(1..) {
                let gone = fds[i + 2].revents != 0;
                let Some(shared) = end.as_ref().filter(|_| gone || fds[i].revents != 0) else { continue };
                match shared.read_ready(&mut self.room) {
                    Ok(0) => *end = None,
                    Err(Stop::Errno(libc::EAGAIN)) if gone => *end = None,
                    Ok(len) => {
                        self.unasked.moved(len);
                        return Ok(Some((fd, len)));
                    }
                    Err(Stop::Errno(libc::EAGAIN)) => {}
                    Err(stop) => return Err(stop),
                }
            }
        }
    }
}

/// What to wait for at a writer and two readers, and at how many of them. A terminal's reader is at its end too when the
/// child is gone and a read after that finds nothing, whoever holds the terminal still: behind the three ends, what tells
/// of that for the readers.
fn wanted(ends: [Option<&Arc<Shared>>; 3]) -> ([libc::pollfd; 6], usize) {
    let mut fds = [block::SPARE; 6];
    for (i, (end, events)) in ends.into_iter().zip([libc::POLLOUT, libc::POLLIN, libc::POLLIN]).enumerate() {
        let Some(end) = end else { continue };
        fds[i] = block::entry(end.poll_fd(), events);
        if let Some(pidfd) = end.last_words().filter(|_| i > 0) {
            fds[i + 2] = block::entry(pidfd, libc::POLLIN);
        }
    }
    (fds, ends.iter().flatten().count())
}

/// Several ends at once: feeds one, drains the others.
pub(crate) struct Pump<'a> {
    pub(crate) input: Option<(Arc<Shared>, &'a [u8])>,
    pub(crate) output: Option<Arc<Shared>>,
    pub(crate) errors: Option<Arc<Shared>>,
    kept: [Kept; 2],
    fed: usize,
    /// The streams are the caller's: other threads may cancel or close them, and the input's is closed here when all is out,
    /// not when the caller drops it.
    lent: bool,
    /// The bare call does not wait.
    polls: bool,
}

impl<'a> Pump<'a> {
    pub(crate) fn new(limit: Option<usize>) -> Pump<'a> {
        Pump {
            input: None,
            output: None,
            errors: None,
            kept: [Kept::new(limit), Kept::new(limit)],
            fed: 0,
            lent: false,
            polls: false,
        }
    }

    /// Until all ends are at their end.
    pub(crate) fn run(&mut self, deadline: Deadline) -> Wait<()> {
        let mut unasked = Unasked::default();
        loop {
            signal::ask_host_at_times()?;
            if unasked.is_late(deadline) {
                return Err(Stop::Timeout);
            }
            if self.input.as_ref().is_some_and(|(_, rest)| rest.is_empty()) {
                if let Some((shared, _)) = self.input.take().filter(|_| self.lent) {
                    shared.end_of_input()?;
                }
            }
            let ends = [self.input.as_ref().map(|(end, _)| end), self.output.as_ref(), self.errors.as_ref()];
            let (mut fds, active) = wanted(ends);
            if active == 0 {
                return Ok(());
            }
            // Of a capture nobody else has the streams.
            let gates = ends.map(|end| end.filter(|_| self.lent).map(|end| &end.gate));
            let bare = !self.polls && (!self.lent || ends.iter().flatten().all(|end| end.gate.may_block()));
            let bare = bare && ends[1..].iter().flatten().all(|end| end.reads_wait());
            let alone = active == 1 && self.input.is_none() && deadline.is_never() && bare;
            if alone {
                // One end to read and no limit: the bare call waits best.
                for entry in &mut fds {
                    entry.revents = if entry.fd >= 0 { libc::POLLIN } else { 0 };
                }
            } else if block::poll_beside(&gates, &mut fds, deadline)? == 0 {
                return Err(Stop::Timeout);
            }
            // A child that has said something has most often heard something too, and the other way round: what poll did not
            // name is tried all the same.
            if let Some((shared, rest)) = &mut self.input {
                match if fds[0].revents != 0 { shared.write_ready(rest) } else { shared.try_write(rest) } {
                    Ok(n) => {
                        *rest = &rest[n..];
                        self.fed += n;
                        unasked.moved(n);
                    }
                    Err(Stop::Errno(libc::EAGAIN)) => {}
                    // It does not want to hear more: no failure of ours.
                    Err(Stop::Errno(errno)) if shared.refuses(errno) => *rest = &[],
                    Err(stop) => return Err(stop),
                }
            }
            let both = self.input.is_some();
            let [output, errors] = &mut self.kept;
            for (shared, kept, i) in [(&mut self.output, output, 1), (&mut self.errors, errors, 2)] {
                let gone = fds[i + 2].revents != 0;
                let ready = gone || fds[i].revents != 0;
                let Some(end) = shared.as_ref().filter(|_| ready || both) else { continue };
                let read = |room: &mut [u8]| match ready {
                    true if alone && self.lent => end.read_alone(room),
                    true => end.read_ready(room),
                    false => end.try_read(room),
                };
                match kept.read(read) {
                    Ok(0) => *shared = None,
                    Err(Stop::Errno(libc::EAGAIN)) if gone => *shared = None,
                    Ok(n) => unasked.moved(n),
                    // An adopted descriptor that was set not to wait; or somebody is there by now who can cancel.
                    Err(Stop::Errno(libc::EAGAIN)) => self.polls |= alone,
                    Err(stop) => return Err(stop),
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

    /// Waits for the children, the last of which gives the status, or ends them.
    pub(crate) fn finish(mut self, cmd: &Cmd, children: &[Child], pumped: Wait<()>, deadline: Deadline) -> Capture {
        let ended = match pumped {
            Ok(()) => {
                self.input = None;
                children.iter().map(|child| child.wait_stop(deadline)).collect::<Wait<Vec<Status>>>()
            }
            Err(stop) => Err(stop),
        };
        let (stages, stopped) = match ended {
            Ok(stages) => (stages, None),
            Err(stop) => {
                for kept in &mut self.kept {
                    kept.at_deadline = kept.total;
                }
                self.input = None;
                self.drain();
                let end = |child: &Child| child.end_stop(cmd.grace_time()).unwrap_or(Status::UNKNOWN);
                let stages = children.iter().map(end).collect();
                self.drain();
                (stages, Some(stop.at("capture", cmd.name())))
            }
        };
        let status = stages.last().copied().unwrap_or(Status::UNKNOWN);
        let [output, errors] = self.kept;
        Capture { output: output.done(), errors: errors.done(), status, stopped, fed: self.fed, stages }
    }
}

/// Memory of the caller's that is about to be filled for the first time, and is large: asks the kernel to give it in huge
/// pages, where it has them.
pub fn huge_pages(room: &mut [std::mem::MaybeUninit<u8>]) {
    sys::memory::advise_huge(room);
}

/// Read after the deadline at most: what the pipe held, and what the child said on being ended.
const DRAIN_LIMIT: u64 = 1 << 20;

/// Bytes that come, up to a limit: then the first half of it and the last half are kept, and the rest is counted.
#[derive(Debug)]
struct Kept {
    store: Store,
    len: usize,
    limit: usize,
    make: MakeRoom,
    /// The last bytes, as a ring, once the head is full.
    tail: Vec<u8>,
    tail_at: usize,
    dropped: u64,
    total: u64,
    at_deadline: u64,
}

/// Memory that a large output is read into: pages of the capture's own, or an object of another language that is to hold
/// it in the end, so that nothing is copied.
pub trait Room: Any + Send {
    /// Makes it at least that long, with what is in it; or why not, an errno.
    fn grow(&mut self, len: usize) -> std::result::Result<(), i32>;
    /// All of it.
    fn bytes(&self) -> &[u8];
    /// All of it, to be filled.
    fn bytes_mut(&mut self) -> &mut [u8];
}

/// Makes a room of at least that many bytes, or says why not: an errno.
pub type MakeRoom = fn(usize) -> std::result::Result<Box<dyn Room>, i32>;

/// Huge pages where the kernel has them, grown without a copy: faults on fresh small ones would cost more than the pipe.
impl Room for sys::memory::Pages {
    fn grow(&mut self, len: usize) -> sys::Result<()> {
        self.resize(len)?;
        let _ = self.advise(libc::MADV_HUGEPAGE);
        Ok(())
    }

    fn bytes(&self) -> &[u8] {
        sys::memory::Pages::bytes(self)
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        sys::memory::Pages::bytes_mut(self)
    }
}

/// Makes the rooms that a capture has of its own.
pub fn pages(len: usize) -> std::result::Result<Box<dyn Room>, i32> {
    let pages = sys::memory::Pages::new(len, libc::MAP_NORESERVE)?;
    let _ = pages.advise(libc::MADV_HUGEPAGE);
    Ok(Box::new(pages))
}

/// Small in a vector, large in a room.
enum Store {
    Small(Vec<u8>),
    Large(Box<dyn Room>),
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

const PIECE: usize = 64 * 1024;
const FIRST: usize = 4 * 1024;
const LARGE: usize = 2 << 20;
const FIRST_LARGE: usize = 8 << 20;

impl Kept {
    fn new(limit: Option<usize>) -> Kept {
        Kept {
            store: Store::Small(Vec::new()),
            len: 0,
            limit: limit.unwrap_or(usize::MAX),
            make: pages,
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
            Store::Large(room) => &room.bytes()[..self.len],
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

    /// What was read already.
    fn push(&mut self, mut data: &[u8]) -> sys::Result<()> {
        while !data.is_empty() {
            let n = self.read(|room| {
                let n = room.len().min(data.len());
                room[..n].copy_from_slice(&data[..n]);
                Ok(n)
            });
            match n {
                Ok(n) => data = &data[n..],
                Err(Stop::Errno(errno)) => return Err(errno),
                Err(_) => return Err(libc::EINTR),
            }
        }
        Ok(())
    }

    fn push_tail(&mut self, data: &[u8]) {
        let most = self.limit / 2;
        let (first, rest) = data.split_at(data.len().min(most - self.tail.len()));
        self.tail.extend_from_slice(first);
        self.dropped += rest.len() as u64;
        // Of more than the ring holds only the last bytes stay.
        let mut rest = &rest[rest.len().saturating_sub(most)..];
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(most - self.tail_at));
            self.tail[self.tail_at..self.tail_at + now.len()].copy_from_slice(now);
            self.tail_at = (self.tail_at + now.len()) % most;
            rest = later;
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
            Store::Large(room) if room.bytes().len() - self.len < PIECE => room.bytes().len() * 2,
            _ => 0,
        };
        if grow > 0 {
            match &mut self.store {
                Store::Small(bytes) if grow <= LARGE => bytes.resize(grow, 0),
                Store::Small(bytes) => {
                    let mut room = (self.make)(FIRST_LARGE)?;
                    room.bytes_mut()[..self.len].copy_from_slice(&bytes[..self.len]);
                    self.store = Store::Large(room);
                }
                Store::Large(room) => room.grow(grow)?,
            }
        }
        Ok(match &mut self.store {
            Store::Small(bytes) => &mut bytes[self.len..],
            Store::Large(room) => &mut room.bytes_mut()[self.len..],
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
