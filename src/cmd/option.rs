//! Options by their names, as other languages say them, and the names of limits.

use std::time::Duration;

use super::Cmd;
use crate::error::{Error, Result};

impl Cmd {
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
}

pub(super) static LIMITS: &[(&str, libc::__rlimit_resource_t)] = &[
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
