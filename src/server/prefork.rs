//! A few processes for all clients, forked before.

use std::os::fd::AsRawFd;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Event, Kid, PAUSE, Report, Server, Work, finish, passes, serve};
use crate::block::{self, CALM, Stop};
use crate::child::Fork;
use crate::error::{Error, Result};
use crate::signal;
use crate::sys;
use crate::time::Deadline;

/// Numbers that the workers and their parent share.
struct Counts {
    accepted: sys::memory::Pages,
    ok: sys::memory::Pages,
    failed: sys::memory::Pages,
}

impl Counts {
    fn new() -> sys::Result<Counts> {
        let page = || sys::memory::Pages::shared(4096);
        Ok(Counts { accepted: page()?, ok: page()?, failed: page()? })
    }

    fn take(&self) -> (u64, u64, u64) {
        let read = |page: &sys::memory::Pages| page.word().load(Ordering::SeqCst);
        (read(&self.accepted), read(&self.ok), read(&self.failed))
    }
}

impl Server {
    pub(super) fn run_prefork(&mut self, report: &mut Report) -> Result<()> {
        let counts = Counts::new().map_err(|errno| Error::os("server", errno))?;
        let waited = self.listener.is_waiting();
        // One client wakes one process.
        self.listener.set_waiting(true)?;
        let mut kids: Vec<Kid> = Vec::new();
        let result = catch_unwind(AssertUnwindSafe(|| self.keep_workers(report, &mut kids, &counts)));
        let ended = finish(report, &mut kids);
        let restored = self.listener.set_waiting(waited);
        let (accepted, ok, failed) = counts.take();
        // Workers count what they serve; one that ended with a code of its own, in the midst of it, could not.
        *report = Report { accepted, ok, failed: report.failed + failed, ..*report };
        self.tell_ended(&result, ended);
        result.unwrap_or_else(|panic| resume_unwind(panic)).and(restored)
    }

    fn keep_workers(&mut self, report: &mut Report, kids: &mut Vec<Kid>, counts: &Counts) -> Result<()> {
        let server = sys::getpid();
        let mut pause = Deadline::NOW;
        let mut end: Option<Deadline> = None;
        let mut served = 0;
        loop {
            if end.is_none() && self.stopper.is_set() {
                end = Some(self.begin_to_stop());
                self.listener.set_waiting(false)?;
                for kid in kids.iter() {
                    let _ = kid.child.kill("TERM");
                }
            }
            let stopping = end.is_some();
            let limit = end.unwrap_or(Deadline::NEVER);
            let before = kids.len();
            self.reap(report, kids);
            // Where none is left to serve those who wait, one is made for them.
            let left = stopping && kids.is_empty() && self.has_client()?;
            if stopping && (limit.passed() || (kids.is_empty() && !left)) {
                report.drained = kids.is_empty() && !left;
                return Ok(());
            }
            if kids.len() < before {
                let (accepted, ..) = counts.take();
                if accepted == served && !stopping {
                    // One more has ended, and nobody was served since the last: making others at full speed would not help.
                    pause = Deadline::after(Some(PAUSE));
                }
                served = accepted;
            }
            if (left || (!stopping && kids.len() < self.prefork)) && pause.passed() {
                // A worker that is told to stop before it listens to that would not hear it.
                let mask = sys::set_mask(libc::SIG_SETMASK, sys::ALL_SIGNALS);
                let made = self.make_process();
                if !matches!(made, Ok(Fork::Child)) {
                    sys::set_mask(libc::SIG_SETMASK, mask);
                }
                match made {
                    Ok(Fork::Parent(child)) => {
                        let pid = child.pid();
                        kids.push(Kid::new(child, Deadline::NEVER));
                        self.tell(&Event::Started { pid, peer: None });
                    }
                    Ok(Fork::Child) => self.work_on(counts, mask, stopping, server),
                    Err(error) if passes(error.errno()) => {
                        self.tell(&Event::Failed { error: &error });
                        pause = Deadline::after(Some(PAUSE));
                    }
                    Err(error) => return Err(error),
                }
                continue;
            }
            self.wait(stopping, false, kids, if pause.passed() { limit } else { limit.min(pause) })?;
        }
    }

    /// In a worker: one client after the other, until it is told to stop and nobody waits any more.
    fn work_on(&mut self, counts: &Counts, mask: sys::SigSet, stopping: bool, server: i32) -> ! {
        let _ = sys::child::prctl(libc::PR_SET_PDEATHSIG as usize, libc::SIGTERM as usize);
        // Of a death before that no signal tells.
        let stopping = stopping || sys::child::getppid() != server;
        let stop = Arc::new([AtomicBool::new(stopping), AtomicBool::new(false)]);
        for signal in [Some("TERM"), self.signal.as_deref()].into_iter().flatten() {
            let stop = stop.clone();
            // Only waiting for the next client is given up, never one that is being served.
            let caught = signal::handle(signal, move |_| {
                let [told, idle] = &*stop;
                told.store(true, Ordering::SeqCst);
                if idle.load(Ordering::SeqCst) { Err(1) } else { Ok(()) }
            });
            if caught.is_err() {
                sys::process::exit(126);
            }
        }
        sys::set_mask(libc::SIG_SETMASK, mask);
        let [told, idle] = &*stop;
        let Ok(null) = sys::open(&CALM, c"/dev/null", libc::O_RDWR, 0) else { sys::process::exit(126) };
        let place = |fd: i32| sys::dup_onto(fd, 0).and_then(|()| sys::dup_onto(fd, 1));
        loop {
            let stopping = told.load(Ordering::SeqCst);
            if stopping && self.listener.set_waiting(false).is_err() {
                sys::process::exit(1);
            }
            idle.store(!stopping, Ordering::SeqCst);
            let answer = self.listener.accept_stop(if stopping { Deadline::NOW } else { Deadline::NEVER });
            idle.store(false, Ordering::SeqCst);
            match answer {
                Ok(client) => {
                    counts.accepted.word().fetch_add(1, Ordering::SeqCst);
                    let Work::Handler(handler) = &mut self.work else { sys::process::exit(126) };
                    if place(client.as_raw_fd()).is_err() {
                        sys::process::exit(126);
                    }
                    let code = serve(handler, client, Deadline::after(self.each));
                    if place(null.as_raw_fd()).is_err() {
                        sys::process::exit(126);
                    }
                    let count = if code == 0 { &counts.ok } else { &counts.failed };
                    count.word().fetch_add(1, Ordering::SeqCst);
                }
                Err(Stop::Abandoned { .. } | Stop::Interrupted) => {}
                Err(Stop::Timeout) => sys::process::exit(0),
                Err(Stop::Errno(errno)) if passes(errno) => {
                    let _ = block::sleep(PAUSE.as_nanos() as u64);
                }
                Err(_) => sys::process::exit(1),
            }
        }
    }
}
