//! What to run: program and arguments, or a shell string by Perl's rule; environment, directory, descriptors, user,
//! limits. A [`Cmd`] is reusable and says nothing of how it is talked to: that is popen, capture, pty.
//!
//! Setters keep the first failure, and whatever starts the command returns it.

mod option;
mod place;
mod shell;
mod start;

use std::collections::BTreeMap;
use std::ffi::{CStr, CString};
use std::os::fd::RawFd;
use std::time::Duration;

use self::option::LIMITS;
pub(crate) use self::option::limit_name;
use self::place::{Place, fd_number};
use self::shell::{Parsed, parse_shell};
pub(crate) use self::shell::{skip_spaces, trim};
pub use self::start::{Ended, System};
use crate::error::{Error, Result};
use crate::signal;
use crate::spawn::Limit;
use crate::taint;
use crate::user;

/// What to run.
#[derive(Debug, Clone)]
pub struct Cmd {
    /// `None`: the first argument.
    program: Option<CString>,
    argv: Vec<CString>,
    /// Made from a shell string: how Perl's rule took it.
    shell: bool,
    env_clear: bool,
    env: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    dir: Option<CString>,
    places: BTreeMap<RawFd, Place>,
    user: Option<String>,
    group: Option<String>,
    groups: Option<Vec<u32>>,
    umask: Option<u32>,
    session: bool,
    process_group: Option<i32>,
    limits: Vec<Limit>,
    death_signal: Option<i32>,
    defaults: u64,
    end_on_drop: bool,
    grace: Duration,
    capture_limit: Option<usize>,
    terminal: TerminalModes,
    taint: bool,
    failure: Option<Error>,
}

/// What is not as usual on a pty.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct TerminalModes {
    pub(crate) raw: bool,
    pub(crate) echo: bool,
    pub(crate) crlf: bool,
}

fn c_string(step: &'static str, text: impl Into<Vec<u8>>) -> Result<CString> {
    CString::new(text).map_err(|error| {
        let text = String::from_utf8_lossy(&error.clone().into_vec()).into_owned();
        Error::invalid(step, format!("a NUL inside {text:?}"))
    })
}

impl Cmd {
    fn base() -> Cmd {
        Cmd {
            program: None,
            argv: Vec::new(),
            shell: false,
            env_clear: false,
            env: BTreeMap::new(),
            dir: None,
            places: BTreeMap::new(),
            user: None,
            group: None,
            groups: None,
            umask: None,
            session: false,
            process_group: None,
            limits: Vec::new(),
            death_signal: None,
            defaults: 0,
            end_on_drop: false,
            grace: Duration::from_secs(1),
            capture_limit: None,
            terminal: TerminalModes::default(),
            taint: false,
            failure: None,
        }
    }

    /// A program, without arguments yet; one without "/" is looked up in PATH when it is started. Never a shell.
    pub fn new(program: impl Into<Vec<u8>>) -> Cmd {
        Cmd::argv([program])
    }

    /// A program and its arguments, Perl's list form. Never a shell.
    pub fn argv<A: Into<Vec<u8>>>(argv: impl IntoIterator<Item = A>) -> Cmd {
        let mut cmd = Cmd::base();
        for arg in argv {
            cmd.arg(arg);
        }
        if cmd.program().is_empty() {
            cmd.fail(Error::invalid("command", "no program is named"));
        }
        cmd
    }

    /// A command string, run as Perl runs one: by `/bin/sh -c` where it has shell metacharacters, else split at white
    /// space and run directly, so that a missing program is an error here and not a 127 later.
    pub fn shell(command: impl Into<Vec<u8>>) -> Cmd {
        let command = command.into();
        let mut cmd = match parse_shell(&command) {
            Parsed::Shell => {
                let mut cmd = Cmd::argv([b"sh".to_vec(), b"-c".to_vec(), skip_spaces(&command).to_vec()]);
                cmd.program = Some(c"/bin/sh".to_owned());
                cmd
            }
            Parsed::Words(words, _) if words.is_empty() => {
                let mut cmd = Cmd::base();
                cmd.fail(Error::invalid("command", "the command is empty"));
                cmd
            }
            Parsed::Words(words, merge) => {
                let mut cmd = Cmd::argv(words);
                if merge {
                    cmd.places.insert(2, Place::Same(1));
                }
                cmd
            }
        };
        cmd.shell = true;
        cmd
    }

    fn fail(&mut self, error: Error) {
        self.failure.get_or_insert(error);
    }

    /// A setter of another face could not even read its input.
    #[cfg(feature = "capi")]
    pub(crate) fn refuse(&mut self, error: Error) {
        self.fail(error);
    }

    /// Calls a setter and says its own failure, also where an earlier one is kept.
    #[cfg(feature = "capi")]
    pub(crate) fn attempt(&mut self, set: impl FnOnce(&mut Cmd) -> Result<()>) -> Result<()> {
        let first = self.failure.take();
        let result = set(self).and_then(|()| self.check());
        if first.is_some() {
            self.failure = first;
        }
        result
    }

    /// The first failure of a setter, which starting it would return.
    pub fn check(&self) -> Result<()> {
        self.failure.clone().map_or(Ok(()), Err)
    }

    /// Keeps a setter's failure, and says it.
    fn set<T>(&mut self, value: Result<T>, set: impl FnOnce(&mut Cmd, T)) -> Result<()> {
        match value {
            Ok(value) => {
                set(self, value);
                Ok(())
            }
            Err(error) => {
                self.fail(error.clone());
                Err(error)
            }
        }
    }

    /// What is executed.
    fn program(&self) -> &CStr {
        self.program.as_deref().or(self.argv.first().map(CString::as_c_str)).unwrap_or_default()
    }

    /// One more argument.
    pub fn arg(&mut self, arg: impl Into<Vec<u8>>) -> &mut Cmd {
        let arg = c_string("argument", arg);
        let _ = self.set(arg, |cmd, arg| cmd.argv.push(arg));
        self
    }

    /// What the program finds as its own name, in place of the first argument.
    pub fn argv0(&mut self, name: impl Into<Vec<u8>>) -> &mut Cmd {
        let name = c_string("argv0", name);
        let _ = self.set(name, |cmd, name| match cmd.argv.first_mut() {
            Some(first) => {
                let first = std::mem::replace(first, name);
                cmd.program.get_or_insert(first);
            }
            None => cmd.argv.push(name),
        });
        self
    }

    /// A variable of the child's environment; `None` takes it away. The rest is as this process has it at the start.
    pub fn env(&mut self, name: impl Into<Vec<u8>>, value: Option<&[u8]>) -> &mut Cmd {
        let name = name.into();
        let checked = if name.is_empty() || name.contains(&b'=') || name.contains(&0) {
            Err(Error::invalid("environment", format!("{:?} is no name", String::from_utf8_lossy(&name))))
        } else {
            value.map(|value| c_string("environment", value).map(CString::into_bytes)).transpose()
        };
        let _ = self.set(checked, |cmd, value| {
            cmd.env.insert(name, value);
        });
        self
    }

    /// An empty environment: only what [`env`](Cmd::env) sets, before or after.
    pub fn env_clear(&mut self) -> &mut Cmd {
        self.env_clear = true;
        self
    }

    /// In place of this process's environment a minimal one that nobody from outside had a say in:
    /// [`taint::clean`]. What [`env`](Cmd::env) sets, before or after, comes on top.
    pub fn clean(&mut self) -> &mut Cmd {
        self.env_clear = true;
        for (name, value) in taint::clean() {
            self.env.entry(name).or_insert(Some(value));
        }
        self
    }

    /// Each start first makes the checks of Perl's `-T` ([`taint::check`]), on the environment that the child would get
    /// and on the program: absolute or found in PATH, neither it nor its directory writable by everybody. Where
    /// [`user`](Cmd::user) is said too, this process's ids may differ.
    pub fn taint(&mut self, on: bool) -> &mut Cmd {
        self.taint = on;
        self
    }

    /// The child's working directory, entered as the child's user. Redirections stay relative to this process's.
    pub fn dir(&mut self, path: impl Into<Vec<u8>>) -> &mut Cmd {
        let path = c_string("chdir", path);
        let _ = self.set(path, |cmd, path| cmd.dir = Some(path));
        self
    }

    /// What a descriptor of the child is, in a word: `<path`, `>path` (made with mode 0600), `>>path`, `+<path`, `&N`
    /// (the child's own descriptor N, whatever that is in the end), `null`, `close`, `inherit`, `socket` (a Unix
    /// socket pair where a pipe would be made), `tty` (a pseudo-terminal where a pipe to read from would be made, so
    /// that a program that holds its output back on pipes answers at once).
    pub fn redirect(&mut self, child_fd: RawFd, spec: impl AsRef<[u8]>) -> &mut Cmd {
        let place = fd_number(child_fd).and_then(|()| Place::parse(spec.as_ref()));
        let _ = self.set(place, |cmd, place| {
            cmd.places.insert(child_fd, place);
        });
        self
    }

    /// A descriptor of this process for the child, as its number `child_fd`. Looked at when the command is started;
    /// until then it must stay open.
    pub fn pass(&mut self, child_fd: RawFd, fd: RawFd) -> &mut Cmd {
        let place = fd_number(child_fd).and_then(|()| fd_number(fd)).map(|()| Place::Pass(fd));
        let _ = self.set(place, |cmd, place| {
            cmd.places.insert(child_fd, place);
        });
        self
    }

    /// The child's user and group, by names or numbers: supplementary groups, group and user are set in this order,
    /// real, effective and saved, and read back. A user alone brings its own groups.
    pub fn user(&mut self, user: Option<&str>, group: Option<&str>) -> &mut Cmd {
        if user.is_some() {
            self.user = user.map(str::to_owned);
        }
        if group.is_some() {
            self.group = group.map(str::to_owned);
        }
        self
    }

    /// The child's supplementary groups, by names or numbers, in place of its user's.
    pub fn groups<'a>(&mut self, groups: impl IntoIterator<Item = &'a str>) -> &mut Cmd {
        let groups: Result<Vec<u32>> = groups.into_iter().map(user::gid).collect();
        let _ = self.set(groups, |cmd, mut groups| {
            groups.sort_unstable();
            groups.dedup();
            cmd.groups = Some(groups);
        });
        self
    }

    /// The child's file mode mask.
    pub fn umask(&mut self, mask: u32) -> &mut Cmd {
        let mask = if mask <= 0o777 { Ok(mask) } else { Err(Error::invalid("umask", format!("{mask:o} is no mask"))) };
        let _ = self.set(mask, |cmd, mask| cmd.umask = Some(mask));
        self
    }

    /// The child leads a new session (setsid): no terminal, and a process group of its own.
    pub fn session(&mut self, on: bool) -> &mut Cmd {
        self.session = on;
        self
    }

    /// The child's process group: 0 is a new one that it leads.
    pub fn process_group(&mut self, group: i32) -> &mut Cmd {
        let group =
            if group >= 0 { Ok(group) } else { Err(Error::invalid("setpgid", "a process group is not negative")) };
        let _ = self.set(group, |cmd, group| cmd.process_group = Some(group));
        self
    }

    /// A resource limit of the child by its name ("nofile", "core", "as" ...): soft and hard, `None` is unlimited.
    pub fn limit(&mut self, name: &str, soft: Option<u64>, hard: Option<u64>) -> &mut Cmd {
        let found = LIMITS.iter().find(|(known, _)| *known == name).map(|(_, resource)| *resource);
        let found = found.ok_or_else(|| Error::invalid("limit", format!("no such limit: {name}")));
        let _ = self.set(found, |cmd, resource| {
            let value = [soft.unwrap_or(libc::RLIM_INFINITY), hard.unwrap_or(libc::RLIM_INFINITY)];
            cmd.limits.push(Limit { resource, value });
        });
        self
    }

    /// The child gets this signal when its parent dies; `None`: nothing. The kernel means the parent's *thread*, so
    /// starting it is refused on a thread that is not the main one, whose end would end the child.
    pub fn die_with_parent(&mut self, signal: Option<&str>) -> &mut Cmd {
        let signal = signal.map(signal::number).transpose();
        let _ = self.set(signal, |cmd, signal| cmd.death_signal = signal);
        self
    }

    /// Signals to put back to their default in the child, which would inherit it where they are ignored here: what the
    /// host's runtime ignores is not the user's wish. By names.
    pub fn default_signals<'a>(&mut self, signals: impl IntoIterator<Item = &'a str>) -> &mut Cmd {
        for name in signals {
            let number = signal::number(name).and_then(|n| match n {
                0 => Err(Error::invalid("signal", "0 is no signal to put back")),
                n => Ok(n),
            });
            let _ = self.set(number, |cmd, n| cmd.defaults |= 1 << (n - 1));
        }
        self
    }

    /// The child is killed (never waited for) when its last handle is dropped.
    pub fn end_on_drop(&mut self, on: bool) -> &mut Cmd {
        self.end_on_drop = on;
        self
    }

    /// When a call's deadline ends the child: TERM to its tree, this long to go, then KILL. Zero is KILL at once. One
    /// second, if nothing is said.
    pub fn grace(&mut self, grace: Duration) -> &mut Cmd {
        self.grace = grace;
        self
    }

    /// What is not as usual on the child's pty, in words with commas: `raw` (bytes as they are, both ways: no lines, no
    /// signals by keys), `echo` (what is written to it is read again), `crlf` (newlines are read as CR LF).
    pub fn terminal(&mut self, words: &str) -> &mut Cmd {
        let mut modes = TerminalModes::default();
        let mut result = Ok(modes);
        for word in words.split([',', ' ']).filter(|word| !word.is_empty()) {
            match word {
                "raw" => modes.raw = true,
                "echo" => modes.echo = true,
                "crlf" => modes.crlf = true,
                _ => result = Err(Error::invalid("terminal", format!("{word:?} is none of raw echo crlf"))),
            }
        }
        let _ = self.set(result.map(|_| modes), |cmd, modes| cmd.terminal = modes);
        self
    }

    /// How much of each output a capture keeps, in bytes: the first half of that and the last half; the rest is read,
    /// counted and dropped. `None`: all, as at first.
    pub fn keep(&mut self, limit: Option<usize>) -> &mut Cmd {
        self.capture_limit = limit;
        self
    }

    pub(crate) fn grace_time(&self) -> Duration {
        self.grace
    }

    /// What the command is called in errors.
    pub(crate) fn name(&self) -> String {
        if self.shell && self.program() == c"/bin/sh" {
            return self.argv.get(2).map(|text| text.to_string_lossy().into_owned()).unwrap_or_default();
        }
        self.program().to_string_lossy().into_owned()
    }

    /// Whether it is said what that descriptor of the child is (what is made in the place of a pipe does not count).
    pub(crate) fn is_placed(&self, child_fd: RawFd) -> bool {
        self.places.get(&child_fd).is_some_and(|place| !matches!(place, Place::Socket | Place::Tty))
    }

    pub(crate) fn terminal_modes(&self) -> TerminalModes {
        self.terminal
    }

    pub(crate) fn capture_limit(&self) -> Option<usize> {
        self.capture_limit
    }

    pub(crate) fn wants_socket(&self, child_fd: RawFd) -> bool {
        self.places.get(&child_fd) == Some(&Place::Socket)
    }

    pub(crate) fn wants_tty(&self, child_fd: RawFd) -> bool {
        self.places.get(&child_fd) == Some(&Place::Tty)
    }
}
