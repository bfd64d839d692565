//! A process for each client.

use std::os::fd::{AsRawFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::{Event, Kid, PAUSE, Report, Server, Work, finish, passes, serve};
use crate::addr::Addr;
use crate::block::Stop;
use crate::child::Fork;
use crate::error::{Error, Result};
use crate::signal;
use crate::socket;
use crate::stream;
use crate::sys;
use crate::time::Deadline;

impl Server {
    pub(super) fn run_forking(&mut self, report: &mut Report) -> Result<()> {
        let mut kids: Vec<Kid> = Vec::new();
        stream::keep_spare();
        let result = catch_unwind(AssertUnwindSafe(|| self.fork_each(report, &mut kids)));
        // Also when the listener has failed, or the log has panicked, nobody is left behind.
        let ended = finish(report, &mut kids);
        self.tell_ended(&result, ended);
        result.unwrap_or_else(|panic| resume_unwind(panic))
    }

    fn fork_each(&mut self, report: &mut Report, kids: &mut Vec<Kid>) -> Result<()> {
        let mut waiting: Option<OwnedFd> = None;
        let mut pause = Deadline::NOW;
        let mut end: Option<Deadline> = None;
        let mut empty = false;
        // Whether a client was seen to wait: asking accept instead would cost a call in vain for each.
        let mut called = true;
        loop {
            if end.is_none() && self.stopper.is_set() {
                end = Some(self.begin_to_stop());
            }
            let stopping = end.is_some();
            let limit = end.unwrap_or(Deadline::NEVER);
            self.reap(report, kids);
            if stopping && (limit.passed() || (empty && waiting.is_none() && kids.is_empty())) {
                report.drained = waiting.is_none() && kids.is_empty() && empty;
                return Ok(());
            }
            let free = kids.len() < self.limit && pause.passed();
            if free && waiting.is_none() && (called || stopping) && !empty {
                called = false;
                match self.listener.accept_stop(Deadline::NOW) {
                    Ok(fd) => {
                        report.accepted += 1;
                        waiting = Some(fd);
                    }
                    // What the kernel had accepted for us was finished too: perhaps that is all.
                    Err(Stop::Timeout) if stopping => {
                        empty = true;
                        continue;
                    }
                    Err(Stop::Timeout) => {}
                    Err(Stop::Errno(errno)) if passes(errno) => {
                        self.tell(&Event::Failed { error: &Error::os("accept", errno) });
                        pause = Deadline::after(Some(PAUSE));
                        continue;
                    }
                    Err(stop) => return Err(stop.error("accept")),
                }
            }
            if let (true, Some(client)) = (free, waiting.take_if(|_| free)) {
                if let Err(error) = self.begin(&client, kids) {
                    self.tell(&Event::Failed { error: &error });
                    if passes(error.errno()) {
                        // The client has nothing to do with it: it is served when there is something again.
                        waiting = Some(client);
                        pause = Deadline::after(Some(PAUSE));
                    } else {
                        report.failed += 1;
                    }
                }
                continue;
            }
            let mut limit = limit;
            if !pause.passed() {
                limit = limit.min(pause);
            }
            for kid in kids.iter().filter(|kid| !kid.cut) {
                limit = limit.min(kid.deadline);
            }
            let clients = free && waiting.is_none() && !empty;
            called = self.wait(stopping, clients, kids, limit)?;
        }
    }

    /// Starts a process for the client.
    fn begin(&mut self, client: &OwnedFd, kids: &mut Vec<Kid>) -> Result<()> {
        let told = self.log.is_some();
        let peer = told.then(|| socket::peer(client.as_raw_fd()).unwrap_or(Addr::Unnamed));
        let started = match &self.work {
            Work::Command(cmd) => cmd.start_with(&[(0, client.as_raw_fd()), (1, client.as_raw_fd())])?,
            _ => match self.make_process()? {
                Fork::Parent(child) => child,
                Fork::Child => self.serve_one(client),
            },
        };
        let pid = started.pid();
        kids.push(Kid::new(started, Deadline::after(self.each)));
        self.tell(&Event::Started { pid, peer: peer.as_ref() });
        Ok(())
    }

    /// In the child: the client on 0 and 1, the handler, the end. Each page that is touched here costs a copy.
    fn serve_one(&mut self, client: &OwnedFd) -> ! {
        if let Some(signal) = self.stops {
            signal::default_in_child(signal);
        }
        self.listener.leave_to_parent();
        let fd = client.as_raw_fd();
        let placed = sys::dup_onto(fd, 0).and_then(|()| sys::dup_onto(fd, 1));
        let code = match (placed, &mut self.work) {
            // It is this process's own copy, which ends without dropping anything.
            (Ok(()), Work::Handler(handler)) => serve(handler, sys::take_fd(fd), Deadline::NEVER),
            _ => 127,
        };
        // The client sees the end before the kernel has taken this process down.
        sys::close(0);
        sys::close(1);
        // Only eight bits arrive: 256 is not to count as 0.
        sys::process::exit(if (0..=255).contains(&code) { code } else { 255 })
    }
}
