//! Servers: the manual's loop around accept, with its REAPER and its spawn, as one type.
//!
//! A client is served by a handler or a command, in one of three ways: in a process of its own for each connection (as
//! the manual's forking server), by a few processes that were forked before (prefork), or one after the other in this
//! process (iterative). Children are reaped by their handles, so that neither a SIGCHLD handler nor anybody else's
//! children are touched.

mod forking;
mod prefork;

use std::io::Write;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::addr::Addr;
use crate::block::{self, CALM, Stop};
use crate::child::{self, Child, Fork};
use crate::cmd::Cmd;
use crate::error::{Error, Result};
use crate::listener::Listener;
use crate::signal;
use crate::status::Status;
use crate::stream::{Direction, Stream};
use crate::sys;
use crate::time::Deadline;
use crate::user::Ids;

/// How long nothing new is begun when the system has run out of descriptors, processes or memory.
const PAUSE: Duration = Duration::from_millis(50);

/// What serves a client, until the deadline: its result is the exit code of the process that it runs in, beyond 255 or below
/// 0 that is 255.
type Handler = Box<dyn FnMut(OwnedFd, Deadline) -> i32 + Send>;

enum Work {
    Nothing,
    Handler(Handler),
    Command(Box<Cmd>),
}

/// What happened in a server.
#[derive(Debug)]
pub enum Event<'a> {
    /// The server begins: from now on the signal stops it.
    Ready,
    /// A process was started: for this client, or (prefork, without one) for all.
    Started {
        /// The process.
        pid: i32,
        /// The client.
        peer: Option<&'a Addr>,
    },
    /// A process has ended.
    Ended {
        /// The process.
        pid: i32,
        /// How.
        status: Status,
    },
    /// A client could not be served, or (where the system has run out of something) not yet.
    Failed {
        /// Why.
        error: &'a Error,
    },
    /// Nothing more is accepted; what was accepted is finished.
    Stopping,
}

type Log = Box<dyn FnMut(&Event) + Send>;
type HostFork = Box<dyn FnMut() -> Result<i32> + Send>;

/// What a server did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Connections accepted.
    pub accepted: u64,
    /// Of these, ended with exit code 0.
    pub ok: u64,
    /// Ended with another code, or never begun for an error that would not pass.
    pub failed: u64,
    /// Processes that a signal killed: somebody else's, or this server's at a time limit.
    pub killed: u64,
    /// Of those, the ones that this server killed.
    pub cut: u64,
    /// Processes whose end nobody can know.
    pub unknown: u64,
    /// Whether all that was accepted was finished before the drain's time was up.
    pub drained: bool,
}

impl Report {
    fn count(&mut self, status: Status) {
        if !status.is_known() {
            self.unknown += 1;
        } else if status.success() {
            self.ok += 1;
        } else if status.signal().is_some() {
            self.killed += 1;
        } else {
            self.failed += 1;
        }
    }
}

struct Flag {
    set: AtomicBool,
    fd: OwnedFd,
}

/// Stops a server from another thread, from a signal handler of this library's, or from a process that serves a client.
#[derive(Clone)]
pub struct Stopper(Arc<Flag>);

impl Stopper {
    /// The server stops accepting and finishes what it has accepted. The run that is on is meant, or where there is none,
    /// the next.
    pub fn stop(&self) {
        self.0.set.store(true, Ordering::SeqCst);
        let _ = sys::write(&CALM, self.0.fd.as_raw_fd(), &1u64.to_ne_bytes());
    }

    fn is_set(&self) -> bool {
        self.0.set.load(Ordering::SeqCst)
    }

    /// A process that serves has its own flag, and the descriptor of all.
    fn heard(&self) {
        self.0.set.store(true, Ordering::SeqCst);
    }

    /// The run that was meant is over.
    fn over(&self) {
        self.0.set.store(false, Ordering::SeqCst);
        let _ = sys::read(&CALM, self.0.fd.as_raw_fd(), &mut [0; 8]);
    }
}

/// A server: see the [module](self).
pub struct Server {
    listener: Listener,
    work: Work,
    limit: usize,
    prefork: usize,
    iterative: bool,
    drain: Duration,
    signal: Option<String>,
    /// Its number, while the server runs.
    stops: Option<i32>,
    each: Option<Duration>,
    user: Option<(String, Option<String>)>,
    log: Option<Log>,
    fork: Option<HostFork>,
    stopper: Stopper,
    report: Report,
}

/// A process that serves.
struct Kid {
    child: Child,
    deadline: Deadline,
    cut: bool,
    /// As poll has it: asking each for its status each time would cost a call for each.
    ended: bool,
}

impl Kid {
    fn new(child: Child, deadline: Deadline) -> Kid {
        Kid { child, deadline, cut: false, ended: false }
    }
}

impl Server {
    /// Around a listener, with up to 64 processes at a time and 5 seconds to finish in.
    pub fn new(listener: Listener) -> Result<Server> {
        let fd = sys::eventfd(libc::EFD_NONBLOCK).map_err(|errno| Error::os("server", errno))?;
        let stopper = Stopper(Arc::new(Flag { set: AtomicBool::new(false), fd }));
        Ok(Server {
            listener,
            work: Work::Nothing,
            limit: 64,
            prefork: 0,
            iterative: false,
            drain: Duration::from_secs(5),
            signal: None,
            stops: None,
            each: None,
            user: None,
            log: None,
            fork: None,
            stopper,
            report: Report::default(),
        })
    }

    /// Serves each client by a function, in a forked process that has the client on 0 and 1; its result is the exit
    /// code. C's stdio and Rust's standard output are flushed before that ends.
    ///
    /// The process must have one thread: in the child of a process with several only what a signal handler may do is
    /// allowed. An iterative server serves in this process and leaves 0 and 1 alone.
    pub fn handler(&mut self, mut handler: impl FnMut(&mut Stream) -> i32 + Send + 'static) -> &mut Server {
        self.fd_handler(move |client, deadline| {
            let mut stream = Stream::make(client, Direction::Both, true, None);
            stream.deadline(deadline);
            let code = handler(&mut stream);
            let _ = std::io::stdout().flush();
            let _ = stream.close();
            code
        })
    }

    /// [`handler`](Server::handler) by the descriptor, for functions of other languages: it is the function's to close, and
    /// the deadline to keep. Rust's standard output is not flushed.
    pub fn fd_handler(&mut self, handler: impl FnMut(OwnedFd, Deadline) -> i32 + Send + 'static) -> &mut Server {
        self.work = Work::Handler(Box::new(handler));
        self
    }

    /// Serves each client by a command that has the client as its standard input and output.
    pub fn exec(&mut self, cmd: &Cmd) -> &mut Server {
        self.work = Work::Command(Box::new(cmd.clone()));
        self
    }

    /// How many processes serve at a time, at least 1; more clients wait in the kernel's queue.
    pub fn limit(&mut self, children: usize) -> &mut Server {
        self.limit = children;
        self
    }

    /// Serves by that many processes, forked at once, each one client after the other; one that ends is replaced. 0: a
    /// process for each client. For handlers alone.
    pub fn prefork(&mut self, children: usize) -> &mut Server {
        self.prefork = children;
        self
    }

    /// Serves in this process, one client after the other. For handlers alone. The client that is served when the server is
    /// stopped is finished, however long it takes: only [`each`](Server::each) ends it.
    pub fn iterative(&mut self, on: bool) -> &mut Server {
        self.iterative = on;
        self
    }

    /// The signal that stops the server ("TERM"; `None`: no signal does), and how long what was accepted may take
    /// then, before its processes are killed with all that they have started. From then on nobody queues behind those who
    /// wait already, so that it ends however many come; a socket that others have opened is left as it is.
    pub fn drain(&mut self, signal: Option<&str>, limit: Duration) -> &mut Server {
        self.signal = signal.map(str::to_owned);
        self.drain = limit;
        self
    }

    /// How long one connection may take: then its process is killed. Where several connections share a process
    /// (prefork, iterative) the stream's calls end with a timeout instead.
    pub fn each(&mut self, limit: Option<Duration>) -> &mut Server {
        self.each = limit;
        self
    }

    /// Gives up the process's privileges when the server begins, for good: the socket is bound by then.
    pub fn user(&mut self, user: &str, group: Option<&str>) -> &mut Server {
        self.user = Some((user.to_owned(), group.map(str::to_owned)));
        self
    }

    /// Is told what happens, in the serving process.
    pub fn log(&mut self, log: impl FnMut(&Event) + Send + 'static) -> &mut Server {
        self.log = Some(Box::new(log));
        self
    }

    /// Forks by the host's own function, that does what must be done around it there (Python's `os.fork`), and that
    /// knows what other threads mean for it. It answers as the system call: 0 in the child.
    pub fn fork_by(&mut self, fork: impl FnMut() -> Result<i32> + Send + 'static) -> &mut Server {
        self.fork = Some(Box::new(fork));
        self
    }

    /// For another thread, or a handler, to stop it with. Too early is not possible.
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// Where it listens.
    pub fn local(&self) -> Result<Addr> {
        self.listener.local()
    }

    /// What the last run did, also where it came to an end by an error or a panic.
    pub fn report(&self) -> Report {
        self.report
    }

    /// Serves until it is stopped; it can run again then. An error is one of the listener's, or of the settings; connections
    /// have none. A panic of the log, or of an iterative server's handler, goes on to the caller, and leaves nothing behind.
    pub fn run(&mut self) -> Result<Report> {
        let wrong = |reason: &'static str| Err(Error::invalid("server", reason));
        self.report = Report::default();
        if self.limit == 0 {
            return wrong("the limit is at least one process");
        }
        match &self.work {
            Work::Nothing => return wrong("neither a handler nor a command"),
            Work::Command(_) if self.prefork > 0 || self.iterative => {
                return wrong("a command is started for each client: no prefork, not iterative");
            }
            Work::Command(cmd) => cmd.check_to_start()?,
            Work::Handler(_) if self.iterative && self.prefork > 0 => return wrong("prefork and iterative at once"),
            Work::Handler(_) if !self.iterative && self.fork.is_none() && child::threads() > 1 => {
                return Err(Error::Threads { step: "server" });
            }
            Work::Handler(_) => {}
        }
        if let Some((user, group)) = &self.user {
            Ids::of(Some(user), group.as_deref())?.apply()?;
        }
        self.stops = self.signal.as_deref().map(signal::number).transpose()?;
        let _before = match &self.signal {
            Some(signal) => {
                let before = signal::save(signal)?;
                let stopper = self.stopper.clone();
                signal::handle(signal, move |_| {
                    stopper.stop();
                    Ok(())
                })?;
                Some(before)
            }
            None => None,
        };
        self.tell(&Event::Ready);
        let mut report = Report { drained: true, ..Report::default() };
        let result = catch_unwind(AssertUnwindSafe(|| {
            if self.iterative {
                self.run_iterative(&mut report)
            } else if self.prefork > 0 {
                self.run_prefork(&mut report)
            } else {
                self.run_forking(&mut report)
            }
        }));
        self.listener.hold(false);
        if matches!(result, Ok(Ok(()))) {
            self.stopper.over();
        } else {
            report.drained = false;
        }
        self.report = report;
        result.unwrap_or_else(|panic| resume_unwind(panic)).map(|()| report)
    }

    fn tell(&mut self, event: &Event) {
        if let Some(log) = &mut self.log {
            log(event);
        }
    }

    /// The log is told of those who were ended last too, unless it was the log that has panicked.
    fn tell_ended<T>(&mut self, result: &std::thread::Result<T>, ended: Vec<(i32, Status)>) {
        if result.is_ok() {
            for (pid, status) in ended {
                self.tell(&Event::Ended { pid, status });
            }
        }
    }

    // ---- one after the other ----

    fn run_iterative(&mut self, report: &mut Report) -> Result<()> {
        let mut end: Option<Deadline> = None;
        loop {
            if end.is_none() && self.stopper.is_set() {
                end = Some(self.begin_to_stop());
            }
            let stopping = end.is_some();
            let limit = end.unwrap_or(Deadline::NEVER);
            if limit.passed() {
                report.drained = false;
                return Ok(());
            }
            match self.listener.accept_stop(Deadline::NOW) {
                Ok(fd) => {
                    report.accepted += 1;
                    let Work::Handler(handler) = &mut self.work else { return Ok(()) };
                    let code = handler(fd, Deadline::after(self.each));
                    *(if code == 0 { &mut report.ok } else { &mut report.failed }) += 1;
                }
                Err(Stop::Timeout) if stopping => return Ok(()),
                Err(Stop::Timeout) => {
                    self.wait(false, true, &mut [], Deadline::NEVER)?;
                }
                Err(Stop::Errno(errno)) if passes(errno) => {
                    self.tell(&Event::Failed { error: &Error::os("accept", errno) });
                    self.wait(stopping, false, &mut [], limit.min(Deadline::after(Some(PAUSE))))?;
                }
                Err(stop) => return Err(stop.error("accept")),
            }
        }
    }

    // ---- what all ways share ----

    /// When what is accepted must be finished.
    fn begin_to_stop(&mut self) -> Deadline {
        let end = Deadline::after(Some(self.drain));
        self.listener.hold(true);
        self.tell(&Event::Stopping);
        end
    }

    fn has_client(&self) -> Result<bool> {
        self.listener.has_client().map_err(|stop| stop.error("server"))
    }

    /// Until a client comes (if asked for), a process ends, the server is stopped, or time is up. Marks those that have
    /// ended; whether a client has come.
    fn wait(&self, stopping: bool, clients: bool, kids: &mut [Kid], limit: Deadline) -> Result<bool> {
        let mut fds = Vec::with_capacity(kids.len() + 2);
        // When the caller has seen that it is stopped, the descriptor says nothing new.
        fds.push(block::entry(if stopping { -1 } else { self.stopper.0.fd.as_raw_fd() }, libc::POLLIN));
        fds.push(block::entry(if clients { self.listener.fd() } else { -1 }, libc::POLLIN));
        let mut limit = limit;
        for kid in kids.iter() {
            match kid.child.pidfd() {
                Some(pidfd) => fds.push(block::entry(pidfd.as_raw_fd(), libc::POLLIN)),
                // Only looking tells. No entry: poll refuses more of them than there may be descriptors.
                None => limit = limit.min(Deadline::after(Some(Duration::from_millis(10)))),
            }
        }
        block::poll(&mut fds, limit).map_err(|stop| stop.error("server"))?;
        if fds.first().is_some_and(|stop| stop.revents != 0) {
            self.stopper.heard();
        }
        let mut polled = fds.iter().skip(2);
        for kid in kids.iter_mut() {
            kid.ended = kid.child.pidfd().is_none() || polled.next().is_some_and(|polled| polled.revents != 0);
        }
        Ok(fds.get(1).is_some_and(|listener| listener.revents != 0))
    }

    /// Takes out those that have ended, and ends those whose time is up.
    fn reap(&mut self, report: &mut Report, kids: &mut Vec<Kid>) {
        let mut i = 0;
        while let Some(kid) = kids.get_mut(i) {
            // Poll has named it: that it is asked again is spared.
            match if kid.ended && kid.child.has_ended() { kid.child.poll() } else { Ok(None) } {
                Ok(None) => {
                    if !kid.cut && kid.deadline.passed() {
                        kid.cut = true;
                        let _ = kid.child.kill_tree("KILL");
                    }
                    i += 1;
                }
                ended => {
                    let status = ended.ok().flatten().unwrap_or(Status::UNKNOWN);
                    report.count(status);
                    report.cut += u64::from(kid.cut);
                    let pid = kid.child.pid();
                    kids.swap_remove(i);
                    self.tell(&Event::Ended { pid, status });
                }
            }
        }
    }

    fn make_process(&mut self) -> Result<Fork> {
        match &mut self.fork {
            Some(fork) => child::fork_by(fork),
            // A handler of the log may have made a thread.
            None if child::threads() > 1 => Err(Error::Threads { step: "server" }),
            None => child::fork_alone(),
        }
    }
}

/// Serves one client and flushes whatever was said to it by way of 0 and 1; the code.
fn serve(handler: &mut Handler, client: OwnedFd, deadline: Deadline) -> i32 {
    // A panic ends its client's service, and no more than that.
    let code = catch_unwind(AssertUnwindSafe(|| handler(client, deadline))).unwrap_or(101);
    sys::process::flush_stdio();
    code
}

/// Ends what is left, with all that it has started; how each ended.
fn finish(report: &mut Report, kids: &mut Vec<Kid>) -> Vec<(i32, Status)> {
    const SOON: Duration = Duration::from_millis(100);
    let mut late = Vec::new();
    let mut all = Vec::new();
    let mut count = |kid: &Kid, ended: Result<Status>| {
        let status = ended.unwrap_or(Status::UNKNOWN);
        report.count(status);
        report.cut += u64::from(kid.cut);
        all.push((kid.child.pid(), status));
    };
    for mut kid in kids.drain(..) {
        kid.cut = kid.child.kill_tree("KILL").is_ok() || kid.cut;
        // Its descriptor may be the one that is needed to find what the next one has started.
        match kid.child.wait(Deadline::after(Some(SOON))) {
            Err(error) if error.errno() == libc::ETIMEDOUT => late.push(kid),
            ended => count(&kid, ended),
        }
    }
    for kid in late {
        count(&kid, kid.child.wait(Deadline::NEVER));
    }
    all
}

/// Errors that have nothing to do with the client and pass when others end.
fn passes(errno: i32) -> bool {
    matches!(errno, libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM | libc::EAGAIN)
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Server({})", self.listener.as_fd().as_raw_fd())
    }
}
