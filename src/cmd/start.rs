//! The command started, run, or executed in this process's place.

use std::borrow::Cow;
use std::ffi::CString;
use std::os::fd::{OwnedFd, RawFd};

use super::Cmd;
use crate::child::Child;
use crate::error::{Error, Result};
use crate::signal::Deaf;
use crate::spawn::{self, Spec};
use crate::status::Status;
use crate::sys;
use crate::taint;
use crate::time::Deadline;
use crate::user::Ids;

/// How a command that was run and waited for ended, and why it was ended before its time, if it was.
#[derive(Debug)]
pub struct Ended {
    /// How it ended.
    pub status: Status,
    /// The deadline, or the handler that gave the call up.
    pub stopped: Option<Error>,
}

impl Cmd {
    /// Starts it with the descriptors as they are said (else this process's 0, 1 and 2). The child, or the step that
    /// failed: a program that cannot be executed is an error here.
    pub fn start(&self) -> Result<Child> {
        self.start_with(&[])
    }

    /// Starts it with some descriptors (the child's, this process's) placed by the caller.
    pub(crate) fn start_with(&self, ends: &[(RawFd, RawFd)]) -> Result<Child> {
        self.start_on_terminal(ends, None)
    }

    /// The same, in a session of its own with the terminal on that descriptor of the child's, if one is given.
    pub(crate) fn start_on_terminal(&self, ends: &[(RawFd, RawFd)], terminal: Option<RawFd>) -> Result<Child> {
        let (mut spec, _files) = self.prepare(ends)?;
        if terminal.is_some() {
            spec.terminal = terminal;
            spec.session = true;
            spec.group = None;
        }
        spawn::start(&spec)
    }

    /// Perl's `system`: runs it and waits, with INT and QUIT ignored here meanwhile, as they are the child's. At the
    /// deadline its tree is ended (see [`grace`](Cmd::grace)), and the error is a timeout; [`system`](Cmd::system)
    /// gives the status then too.
    pub fn run(&self, deadline: Deadline) -> Result<Status> {
        let ended = self.system(deadline)?;
        ended.stopped.map_or(Ok(ended.status), Err)
    }

    /// As [`run`](Cmd::run), with the status also where the deadline or a handler ended it.
    pub fn system(&self, deadline: Deadline) -> Result<Ended> {
        Ok(self.start_system()?.wait(deadline))
    }

    /// The beginning of [`system`](Cmd::system), for who has something to do between that and the waiting.
    pub fn start_system(&self) -> Result<System<'_>> {
        let deaf = Deaf::new()?;
        let child = self.start()?;
        // As in Perl, a CHLD handler's `wait` does not find it.
        child.hide();
        Ok(System { cmd: self, child, _deaf: deaf })
    }

    /// Perl's `exec`: this process becomes the program. Comes back only to tell why not. Descriptors that were not
    /// passed do not survive it; signal handlers become defaults, what is ignored stays ignored.
    pub fn exec(&self) -> Error {
        match self.prepare(&[]) {
            Ok((spec, _files)) => spawn::exec(&spec),
            Err(error) => error,
        }
    }

    /// Everything that can be done before there is a child, and everything that can block.
    fn prepare(&self, ends: &[(RawFd, RawFd)]) -> Result<(Spec<'_>, Vec<OwnedFd>)> {
        self.check_to_start()?;
        let env = (self.env_clear || !self.env.is_empty()).then(|| self.environment());
        let candidates = self.candidates(env.as_deref())?;
        if self.taint {
            taint::check_environment(env.as_deref().unwrap_or(&sys::process::environment()))?;
            taint::check_program(&candidates)?;
            // A user brings all its ids along.
            if self.user.is_none() {
                taint::check_ids()?;
            }
        }
        let mut files = Vec::new();
        let fds = self.places(ends, &mut files)?;
        if self.death_signal.is_some() && sys::gettid() != sys::getpid() {
            return Err(Error::invalid(
                "die_with_parent",
                "start it on the main thread: the kernel sends the signal when the starting thread ends",
            ));
        }
        let mut ids = None;
        if self.user.is_some() || self.group.is_some() || self.groups.is_some() {
            let mut who = Ids::of(self.user.as_deref(), self.group.as_deref())?;
            if let Some(groups) = &self.groups {
                who.groups.clone_from(groups);
                who.set_groups = true;
            }
            ids = Some(who);
        }
        let spec = Spec {
            candidates,
            argv: &self.argv,
            env,
            fds,
            dir: self.dir.as_deref(),
            umask: self.umask,
            session: self.session,
            // A session leader leads its group already; setpgid would fail.
            group: self.process_group.filter(|_| !self.session),
            terminal: None,
            limits: &self.limits,
            ids,
            death_signal: self.death_signal,
            defaults: self.defaults,
            mask: None,
            end_on_drop: self.end_on_drop,
        };
        Ok((spec, files))
    }

    fn environment(&self) -> Vec<CString> {
        let mut env = if self.env_clear { Vec::new() } else { sys::process::environment() };
        env.retain(|entry| {
            let name = entry.to_bytes().split(|b| *b == b'=').next().unwrap_or_default();
            !self.env.contains_key(name)
        });
        for (name, value) in &self.env {
            if let Some(value) = value {
                let entry = [name.as_slice(), b"=", value.as_slice()].concat();
                // Name and value were checked for NULs when they were set.
                env.extend(CString::new(entry));
            }
        }
        env
    }

    /// Where the program may be. PATH is this process's, as with execvp; empty entries and "." are passed over.
    fn candidates(&self, env: Option<&[CString]>) -> Result<Cow<'_, [CString]>> {
        let program = self.program().to_bytes();
        if program.contains(&b'/') {
            let one = self.program.as_ref().map_or(self.argv.get(..1), |program| Some(std::slice::from_ref(program)));
            return Ok(Cow::Borrowed(one.unwrap_or_default()));
        }
        let set = self.env.get(b"PATH".as_slice());
        let find = |env: &[CString]| env.iter().find_map(|e| e.to_bytes().strip_prefix(b"PATH=").map(<[u8]>::to_vec));
        let path = match (set, env) {
            (Some(_), Some(env)) => find(env),
            _ => sys::process::getenv(c"PATH"),
        };
        let path = path.unwrap_or_else(|| b"/bin:/usr/bin".to_vec());
        // "./" and ".//." are "." too.
        let is_here =
            |dir: &[u8]| !dir.starts_with(b"/") && dir.split(|b| *b == b'/').all(|part| matches!(part, b"" | b"."));
        let dirs = path.split(|b| *b == b':').filter(|dir| !is_here(dir));
        let found: Vec<CString> = dirs.filter_map(|dir| CString::new([dir, b"/", program].concat()).ok()).collect();
        if found.is_empty() {
            return Err(Error::at("exec", program, libc::ENOENT));
        }
        Ok(Cow::Owned(found))
    }
}

/// A `system` under way. INT and QUIT are ignored in this process until it is dropped.
#[derive(Debug)]
pub struct System<'a> {
    cmd: &'a Cmd,
    child: Child,
    _deaf: Deaf,
}

impl System<'_> {
    /// What was started.
    pub fn child(&self) -> &Child {
        &self.child
    }

    /// Waits for its end, or ends it when the deadline or a handler says so.
    pub fn wait(&self, deadline: Deadline) -> Ended {
        match self.child.wait_stop(deadline) {
            Ok(status) => Ended { status, stopped: None },
            Err(stop) => {
                let status = self.child.end_stop(self.cmd.grace).unwrap_or(Status::UNKNOWN);
                Ended { status, stopped: Some(stop.at("system", self.cmd.name())) }
            }
        }
    }
}
