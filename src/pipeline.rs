//! Pipelines: `a | b | c` of argument lists, without a shell, with the status of each.

use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::time::Duration;

use crate::capture::{Capture, Pump};
use crate::child::Child;
use crate::cmd::Cmd;
use crate::error::{Error, Result};
use crate::stream::{Direction, Stream};
use crate::sys;
use crate::time::Deadline;

/// Runs the commands side by side, each one's output the next one's input, with `input` for the first (`None`: this
/// process's) and keeps what the last says, and the errors of all. [`Capture::stages`] has the status of each;
/// a stage before the last that ended because nobody listened any more (SIGPIPE) has not failed.
///
/// At the deadline the trees of all are ended, with the last one's [`Cmd::grace`].
pub fn run(cmds: &[Cmd], input: Option<&[u8]>, deadline: Deadline) -> Result<Capture> {
    let Some(last) = cmds.last() else { return Err(Error::invalid("pipeline", "no command")) };
    cmds.iter().try_for_each(Cmd::check_to_start)?;
    let pipe = || sys::pipe().map_err(|errno| Error::os("pipe", errno));
    let (mut feed, writer) = if input.is_some() { pipe().map(|(r, w)| (Some(r), Some(w)))? } else { (None, None) };
    let (errors, their_errors) = pipe()?;
    let mut children = Vec::with_capacity(cmds.len());
    let mut output = None;
    for (i, cmd) in cmds.iter().enumerate() {
        let (reader, theirs) = pipe()?;
        let started = start(cmd, i, feed.as_ref(), &theirs, &their_errors);
        match started {
            Ok(child) => children.push(child),
            Err(error) => {
                // They were part of a whole that cannot be.
                for child in &children {
                    let _ = Child::end(child, Duration::ZERO);
                }
                return Err(error);
            }
        }
        // The next one's input, or what is read here.
        if i + 1 < cmds.len() {
            feed = Some(reader);
        } else {
            feed = None;
            output = Some(reader);
        }
    }
    drop((feed, their_errors));
    let stream = |fd, direction| Stream::make(fd, direction, false, None).shared().clone();
    let mut pump = Pump::new(last.capture_limit());
    pump.input = writer.map(|fd| (stream(fd, Direction::Write), input.unwrap_or_default()));
    pump.output = output.map(|fd| stream(fd, Direction::Read));
    pump.errors = Some(stream(errors, Direction::Read));
    let pumped = pump.run(deadline);
    Ok(pump.finish(last, &children, pumped, deadline))
}

fn start(cmd: &Cmd, i: usize, feed: Option<&OwnedFd>, output: &OwnedFd, errors: &OwnedFd) -> Result<Child> {
    let mut ends: Vec<(RawFd, RawFd)> = vec![(1, output.as_raw_fd())];
    ends.extend(feed.map(|fd| (0, fd.as_raw_fd())));
    if let Some((fd, _)) = ends.iter().find(|(fd, _)| cmd.is_placed(*fd)) {
        return Err(Error::invalid("pipeline", format!("stage {i} redirects its descriptor {fd}, which is the pipe")));
    }
    if !cmd.is_placed(2) {
        ends.push((2, errors.as_raw_fd()));
    }
    cmd.start_with(&ends)
}
