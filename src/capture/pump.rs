//! Several ends at once, and what comes kept.

use std::sync::Arc;

use super::Capture;
use super::kept::Kept;
use crate::block::{self, Stop, Wait};
use crate::child::Child;
use crate::cmd::Cmd;
use crate::signal;
use crate::status::Status;
use crate::stream::Shared;
use crate::sys;
use crate::time::{Deadline, Unasked};

/// Read after the deadline at most: what the pipe held, and what the child said on being ended.
const DRAIN_LIMIT: u64 = 1 << 20;

/// What to wait for at a writer and two readers, and at how many of them. A terminal's reader is at its end too when the
/// child is gone and a read after that finds nothing, whoever holds the terminal still: behind the three ends, what tells
/// of that for the readers.
pub(super) fn wanted(ends: [Option<&Arc<Shared>>; 3]) -> ([libc::pollfd; 6], usize) {
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
    pub(super) kept: [Kept; 2],
    pub(super) fed: usize,
    /// The streams are the caller's: other threads may cancel or close them, and the input's is closed here when all is out,
    /// not when the caller drops it.
    pub(super) lent: bool,
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
                    true if self.lent => end.read_beside(room),
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
