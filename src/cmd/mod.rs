//! What to run: program and arguments, or a shell string by Perl's rule; environment, directory, descriptors, user,
//! limits. A [`Cmd`] is reusable and says nothing of how it is talked to: that is popen, capture, pty.
//!
//! Setters keep the first failure, and whatever starts the command returns it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::{CStr, CString};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::time::Duration;

use crate::block;
use crate::child::Child;
use crate::error::{Error, Result};
use crate::signal::{self, Deaf};
use crate::spawn::{self, Limit, Spec};
use crate::status::Status;
use crate::sys;
use crate::taint;
use crate::time::Deadline;
use crate::user::{self, Ids};

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

/// How a command that was run and waited for ended, and why it was ended before its time, if it was.
#[derive(Debug)]
pub struct Ended {
    /// How it ended.
    pub status: Status,
    /// The deadline, or the handler that gave the call up.
    pub stopped: Option<Error>,
}

/// What is not as usual on a pty.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct TerminalModes {
    pub(crate) raw: bool,
    pub(crate) echo: bool,
    pub(crate) crlf: bool,
}

/// What a descriptor of the child is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// A file, opened when the command is started.
    File {
        path: CString,
        flags: i32,
    },
    /// The child's own descriptor of that number.
    Same(RawFd),
    /// A descriptor of this process.
    Pass(RawFd),
    Null,
    Close,
    Inherit,
    /// Where a pipe would be made, a Unix socket pair.
    Socket,
    /// Where a pipe would be made, a pseudo-terminal.
    Tty,
}

const SPACES: [u8; 6] = *b" \t\n\r\x0b\x0c";
const SHELL_CHARACTERS: &[u8] = b"$&*(){}[]'\";\\|?<>~`\n";

fn is_space(byte: &u8) -> bool {
    SPACES.contains(byte)
}

pub(crate) fn skip_spaces(text: &[u8]) -> &[u8] {
    &text[text.iter().take_while(|b| is_space(b)).count()..]
}

/// Without the white space around it, as Perl knows that: the vertical tab too.
pub(crate) fn trim(text: &[u8]) -> &[u8] {
    let text = skip_spaces(text);
    &text[..text.len() - text.iter().rev().take_while(|b| is_space(b)).count()]
}

/// How Perl runs a command string: by sh, or split at white space without one. The flag: standard error goes where
/// standard output goes.
enum Parsed {
    Shell,
    Words(Vec<Vec<u8>>, bool),
}

/// Perl's rule (do_exec3 of its doio.c): metacharacters decide, and the beginnings "exec ", ". " and "NAME=". One
/// newline at the end is dropped, and a closing " 2>&1" is done without a shell.
fn parse_shell(command: &[u8]) -> Parsed {
    let text = skip_spaces(command);
    let starts = |word: &[u8]| text.strip_prefix(word).is_some_and(|rest| rest.first().is_some_and(is_space));
    let word = text.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    if starts(b"exec") || starts(b".") || text.get(word) == Some(&b'=') {
        return Parsed::Shell;
    }
    let mut end = text.len();
    let mut merge = false;
    if let Some(at) = text.iter().position(|b| SHELL_CHARACTERS.contains(b)) {
        let rest = &text[at..];
        let after = rest.strip_prefix(b">&1").filter(|after| after.iter().all(is_space));
        if rest == b"\n" {
            end = at;
        } else if after.is_some() && at >= 2 && text[at - 1] == b'2' && is_space(&text[at - 2]) {
            end = at - 2;
            merge = true;
        } else {
            return Parsed::Shell;
        }
    }
    let words = text[..end].split(is_space).filter(|word| !word.is_empty()).map(<[u8]>::to_vec).collect();
    Parsed::Words(words, merge)
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

    /// An option by its name, as C and other languages say it: `argv0`, `umask` (octal), `session`, `group` (a process
    /// group, 0 a new one), `groups` (names or numbers, with commas), `limit.NAME` ("soft" or "soft:hard",
    /// "unlimited"), `die_with_parent` (a signal), `end_on_free`, `default` (signals, with commas), `grace`
    /// (milliseconds), `keep` (bytes of each output that a capture keeps), `taint`, `clean` (see [`taint`](Cmd::taint),
    /// [`clean`](Cmd::clean)), `terminal` (see [`terminal`](Cmd::terminal)).
    pub fn option(&mut self, name: &str, value: &str) -> Result<()> {
        let before = self.failure.clone();
        let bad = |what: &str| Error::invalid("option", format!("{name}: {value:?} is no {what}"));
        let switch = || match value {
            "1" | "yes" | "true" | "on" | "" => Ok(true),
            "0" | "no" | "false" | "off" => Ok(false),
            _ => Err(bad("yes or no")),
        };
        let list = || value.split([',', ' ']).filter(|word| !word.is_empty());
        match name {
            "argv0" => {
                let _ = self.argv0(value);
            }
            "umask" => {
                let mask = u32::from_str_radix(value, 8).map_err(|_| bad("octal mask"));
                self.set(mask, |cmd, mask| {
                    let _ = cmd.umask(mask);
                })?;
            }
            "session" => self.set(switch(), |cmd, on| {
                let _ = cmd.session(on);
            })?,
            "group" => {
                let group = value.parse().map_err(|_| bad("process group"));
                self.set(group, |cmd, group| {
                    let _ = cmd.process_group(group);
                })?;
            }
            "groups" => {
                let _ = self.groups(list());
            }
            "die_with_parent" => {
                let value = match value {
                    "" | "1" | "yes" => Some("KILL"),
                    "0" | "no" => None,
                    signal => Some(signal),
                };
                self.die_with_parent(value);
            }
            "taint" => self.set(switch(), |cmd, on| {
                let _ = cmd.taint(on);
            })?,
            "clean" => self.set(switch(), |cmd, on| {
                if on {
                    let _ = cmd.clean();
                }
            })?,
            "end_on_free" => self.set(switch(), |cmd, on| {
                let _ = cmd.end_on_drop(on);
            })?,
            "default" => {
                let _ = self.default_signals(list());
            }
            "grace" => {
                let ms = value.parse().map_err(|_| bad("number of milliseconds"));
                self.set(ms, |cmd, ms| {
                    let _ = cmd.grace(Duration::from_millis(ms));
                })?;
            }
            "keep" => {
                let size = value.parse().map_err(|_| bad("number of bytes"));
                self.set(size, |cmd, size| {
                    let _ = cmd.keep(Some(size));
                })?;
            }
            "terminal" => {
                let _ = self.terminal(value);
            }
            _ => match name.strip_prefix("limit.") {
                Some(limit) => {
                    let one = |text: &str| match text {
                        "unlimited" => Ok(None),
                        text => text.parse().map(Some).map_err(|_| bad("limit")),
                    };
                    let (soft, hard) = value.split_once(':').unwrap_or((value, value));
                    let both = one(soft).and_then(|soft| Ok((soft, one(hard)?)));
                    self.set(both, |cmd, (soft, hard)| {
                        let _ = cmd.limit(limit, soft, hard);
                    })?;
                }
                None => {
                    let unknown = Error::invalid("option", format!("no such option: {name}"));
                    self.set::<()>(Err(unknown), |_, ()| ())?;
                }
            },
        }
        match (&before, &self.failure) {
            (None, Some(new)) => Err(new.clone()),
            _ => Ok(()),
        }
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

    // ---- starting ----

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
            taint::check_environment(env.as_deref().unwrap_or(&sys::environment()))?;
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
        let mut env = if self.env_clear { Vec::new() } else { sys::environment() };
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
            _ => sys::getenv(c"PATH"),
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

    /// Also whether all descriptors it names are open. To be called before any is opened for it: that one would be found
    /// under the number of one that is missing.
    pub(crate) fn check_to_start(&self) -> Result<()> {
        self.check()?;
        for (child_fd, place) in &self.places {
            let fd = match place {
                Place::Pass(fd) => *fd,
                Place::Inherit if *child_fd > 2 => *child_fd,
                // What the child's 0, 1 and 2 are is not known yet; nothing is opened under these numbers.
                Place::Same(fd) if *fd > 2 && !self.places.contains_key(fd) => *fd,
                _ => continue,
            };
            let name = || match place {
                Place::Pass(fd) => format!("{child_fd} from {fd}"),
                Place::Same(fd) => format!("{child_fd} from &{fd}"),
                _ => child_fd.to_string(),
            };
            sys::fd_flags(fd).map_err(|errno| Error::at("redirect", name(), errno))?;
        }
        Ok(())
    }

    /// The child's descriptors, each with this process's; files are opened here.
    fn places(&self, ends: &[(RawFd, RawFd)], files: &mut Vec<OwnedFd>) -> Result<Vec<(RawFd, Option<RawFd>)>> {
        let mut placed: BTreeMap<RawFd, Option<RawFd>> = BTreeMap::new();
        for (child_fd, place) in &self.places {
            match place {
                Place::File { path, flags } => {
                    let file = block::call(|word| sys::open(word, path, *flags, 0o600))
                        .map_err(|stop| stop.at("open", path.to_bytes()))?;
                    placed.insert(*child_fd, Some(file.as_raw_fd()));
                    files.push(file);
                }
                Place::Null => {
                    let file = sys::open(&block::CALM, c"/dev/null", libc::O_RDWR, 0)
                        .map_err(|errno| Error::at("open", "/dev/null", errno))?;
                    placed.insert(*child_fd, Some(file.as_raw_fd()));
                    files.push(file);
                }
                Place::Pass(fd) => {
                    placed.insert(*child_fd, Some(*fd));
                }
                Place::Close => {
                    placed.insert(*child_fd, None);
                }
                Place::Inherit if *child_fd > 2 => {
                    placed.insert(*child_fd, Some(*child_fd));
                }
                Place::Inherit | Place::Socket | Place::Tty | Place::Same(_) => {}
            }
        }
        placed.extend(ends.iter().map(|(child_fd, fd)| (*child_fd, Some(*fd))));
        for (child_fd, place) in &self.places {
            if let Place::Same(other) = place {
                if ends.iter().any(|(end, _)| end == child_fd) {
                    continue;
                }
                let fd = self.same(*child_fd, *other, &placed)?;
                placed.insert(*child_fd, fd);
            }
        }
        Ok(placed.into_iter().collect())
    }

    /// What `&N` is in the end: followed until a descriptor that is something of its own.
    fn same(&self, first: RawFd, other: RawFd, placed: &BTreeMap<RawFd, Option<RawFd>>) -> Result<Option<RawFd>> {
        let mut at = other;
        for _ in 0..=self.places.len() {
            match (self.places.get(&at), placed.get(&at)) {
                (Some(Place::Same(next)), None) if at != first => at = *next,
                (_, Some(fd)) => return Ok(*fd),
                (Some(Place::Same(_)), None) => break,
                _ => {
                    sys::fd_flags(at).map_err(|errno| Error::at("redirect", format!("{first} from &{at}"), errno))?;
                    return Ok(Some(at));
                }
            }
        }
        Err(Error::invalid("redirect", format!("{first} leads back to itself")))
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

fn fd_number(fd: RawFd) -> Result<()> {
    if (0..=1_048_576).contains(&fd) {
        Ok(())
    } else {
        Err(Error::invalid("redirect", format!("{fd} is no descriptor")))
    }
}

impl Place {
    fn parse(spec: &[u8]) -> Result<Place> {
        let file = |path: &[u8], flags| {
            let path = skip_spaces(path);
            if path.is_empty() {
                return Err(Error::invalid("redirect", "no file is named"));
            }
            Ok(Place::File { path: c_string("redirect", path)?, flags })
        };
        let bad = || {
            let spec = String::from_utf8_lossy(spec).into_owned();
            Error::invalid(
                "redirect",
                format!("{spec:?} is none of <path >path >>path +<path &N null close inherit socket tty"),
            )
        };
        match spec {
            b"null" => Ok(Place::Null),
            b"close" => Ok(Place::Close),
            b"inherit" => Ok(Place::Inherit),
            b"socket" => Ok(Place::Socket),
            b"tty" => Ok(Place::Tty),
            [b'>', b'>', path @ ..] => file(path, libc::O_WRONLY | libc::O_CREAT | libc::O_APPEND),
            [b'+', b'<', path @ ..] => file(path, libc::O_RDWR),
            [b'>', path @ ..] => file(path, libc::O_WRONLY | libc::O_CREAT | libc::O_TRUNC),
            [b'<', path @ ..] => file(path, libc::O_RDONLY),
            [b'&', number @ ..] => {
                let fd = std::str::from_utf8(number).ok().and_then(|n| n.parse().ok()).ok_or_else(bad)?;
                fd_number(fd).map(|()| Place::Same(fd))
            }
            _ => Err(bad()),
        }
    }
}

static LIMITS: &[(&str, libc::__rlimit_resource_t)] = &[
    ("as", libc::RLIMIT_AS),
    ("core", libc::RLIMIT_CORE),
    ("cpu", libc::RLIMIT_CPU),
    ("data", libc::RLIMIT_DATA),
    ("fsize", libc::RLIMIT_FSIZE),
    ("locks", libc::RLIMIT_LOCKS),
    ("memlock", libc::RLIMIT_MEMLOCK),
    ("msgqueue", libc::RLIMIT_MSGQUEUE),
    ("nice", libc::RLIMIT_NICE),
    ("nofile", libc::RLIMIT_NOFILE),
    ("nproc", libc::RLIMIT_NPROC),
    ("rss", libc::RLIMIT_RSS),
    ("rtprio", libc::RLIMIT_RTPRIO),
    ("rttime", libc::RLIMIT_RTTIME),
    ("sigpending", libc::RLIMIT_SIGPENDING),
    ("stack", libc::RLIMIT_STACK),
];

pub(crate) fn limit_name(resource: u32) -> &'static str {
    LIMITS.iter().find(|(_, known)| *known == resource).map_or("?", |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(command: &str) -> Option<Vec<String>> {
        match parse_shell(command.as_bytes()) {
            Parsed::Shell => None,
            Parsed::Words(words, _) => {
                Some(words.into_iter().map(|word| String::from_utf8(word).unwrap_or_default()).collect())
            }
        }
    }

    #[test]
    fn single_characters_that_need_a_shell() {
        let all = (33..=126u8).chain([9, 11, 12, 128, 255]).filter(|c| !c.is_ascii_alphanumeric());
        let shell: Vec<u8> =
            all.filter(|c| matches!(parse_shell(&[b"cmd a", &[*c][..], b"b"].concat()), Parsed::Shell)).collect();
        assert_eq!(String::from_utf8_lossy(&shell), "\"$&'()*;<>?[\\]`{|}~");
    }

    #[test]
    fn newlines_and_beginnings() {
        assert!(words("cmd\n").is_some());
        assert!(words("cmd\n\n").is_none());
        assert!(words("cmd\na").is_none());
        assert!(words(" cmd ").is_some());
        assert!(words("cmd\n ").is_none());
        assert!(words("exec cmd").is_none());
        assert!(words("execute cmd").is_some());
        assert!(words("A=1 cmd").is_none());
        assert!(words(". file").is_none());
        assert!(words("./file").is_some());
        assert_eq!(words("a\tb\x0bc  d"), Some(["a", "b", "c", "d"].map(String::from).to_vec()));
    }

    #[test]
    fn merging_at_the_end_needs_no_shell() {
        assert!(matches!(parse_shell(b"cmd a 2>&1 "), Parsed::Words(words, true) if words.len() == 2));
        assert!(matches!(parse_shell(b"cmd 2>&1 b"), Parsed::Shell));
        assert!(matches!(parse_shell(b"cmd2>&1"), Parsed::Shell));
        assert!(matches!(parse_shell(b"cmd 12>&1"), Parsed::Shell));
    }
}
