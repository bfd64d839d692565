//! A conversation with a child over its streams: fed and drained at once, to its end or a piece at a time.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::Capture;
use super::kept::PIECE;
use super::pump::{Pump, wanted};
use crate::block::{self, Stop, Wait};
use crate::child::Child;
use crate::error::{Error, Result};
use crate::status::Status;
use crate::stream::{Shared, Stream};
use crate::time::{Deadline, Unasked};

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
    let ends = Ends::of(writer.as_deref_mut(), input, reader.as_deref_mut(), error.as_deref_mut())?;
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
    /// A stream that is closed is at its end.
    fn of(
        writer: Option<&mut Stream>,
        input: &[u8],
        reader: Option<&mut Stream>,
        error: Option<&mut Stream>,
    ) -> Result<Ends> {
        let mut ends = Ends::default();
        let writer = writer.filter(|writer| has_to_hear(writer.shared(), input));
        let mut readers = [reader, error].map(|stream| stream.filter(|stream| !stream.is_closed()));
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
/// and did not go out; how much of `input` did nobody can tell. Without input it can be called again with the same streams.
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
    /// A conversation over these streams, with all that shall be said. One that is closed is at its end, as in [`feed`].
    pub fn new(
        writer: Option<&mut Stream>,
        input: impl Into<Cow<'a, [u8]>>,
        reader: Option<&mut Stream>,
        error: Option<&mut Stream>,
    ) -> Result<Talk<'a>> {
        let input = input.into();
        Ok(Talk::over(Ends::of(writer, &input, reader, error)?, input))
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
                match shared.read_beside(&mut self.room) {
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
