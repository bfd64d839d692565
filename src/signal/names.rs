//! Names and numbers: Perl's `@signame` and `%signo` of this system.

use crate::error::{Error, Result};

/// The standard signals of this system, in Perl's order: name and number. Aliases come last.
pub(super) static NAMES: &[(&str, i32)] = &[
    ("ZERO", 0),
    ("HUP", libc::SIGHUP),
    ("INT", libc::SIGINT),
    ("QUIT", libc::SIGQUIT),
    ("ILL", libc::SIGILL),
    ("TRAP", libc::SIGTRAP),
    ("ABRT", libc::SIGABRT),
    ("BUS", libc::SIGBUS),
    ("FPE", libc::SIGFPE),
    ("KILL", libc::SIGKILL),
    ("USR1", libc::SIGUSR1),
    ("SEGV", libc::SIGSEGV),
    ("USR2", libc::SIGUSR2),
    ("PIPE", libc::SIGPIPE),
    ("ALRM", libc::SIGALRM),
    ("TERM", libc::SIGTERM),
    ("STKFLT", libc::SIGSTKFLT),
    ("CHLD", libc::SIGCHLD),
    ("CONT", libc::SIGCONT),
    ("STOP", libc::SIGSTOP),
    ("TSTP", libc::SIGTSTP),
    ("TTIN", libc::SIGTTIN),
    ("TTOU", libc::SIGTTOU),
    ("URG", libc::SIGURG),
    ("XCPU", libc::SIGXCPU),
    ("XFSZ", libc::SIGXFSZ),
    ("VTALRM", libc::SIGVTALRM),
    ("PROF", libc::SIGPROF),
    ("WINCH", libc::SIGWINCH),
    ("IO", libc::SIGIO),
    ("PWR", libc::SIGPWR),
    ("SYS", libc::SIGSYS),
    ("IOT", libc::SIGABRT),
    ("CLD", libc::SIGCHLD),
    ("POLL", libc::SIGIO),
];

/// A name as one number, by which it is found: to compare texts would take a good part of the time of a kill. A 1 stands
/// before it, so that no two are the same.
const fn packed(name: &[u8]) -> Option<u64> {
    if name.len() > 7 {
        return None;
    }
    let (mut all, mut at) = (1, 0);
    while at < name.len() {
        all = all << 8 | name[at] as u64;
        at += 1;
    }
    Some(all)
}

/// The names of [`NAMES`], in the same order.
static PACKED: [u64; NAMES.len()] = {
    let (mut all, mut at) = ([0; NAMES.len()], 0);
    while at < NAMES.len() {
        all[at] = packed(NAMES[at].0.as_bytes()).unwrap();
        at += 1;
    }
    all
};

pub(super) const LAST: i32 = 64;
const RTMIN: i32 = 34;

/// Names of 32 to 64 as Perl has them.
static REAL_TIME: [&str; 33] = [
    "NUM32", "NUM33", "RTMIN", "NUM35", "NUM36", "NUM37", "NUM38", "NUM39", "NUM40", "NUM41", "NUM42", "NUM43",
    "NUM44", "NUM45", "NUM46", "NUM47", "NUM48", "NUM49", "NUM50", "NUM51", "NUM52", "NUM53", "NUM54", "NUM55",
    "NUM56", "NUM57", "NUM58", "NUM59", "NUM60", "NUM61", "NUM62", "NUM63", "RTMAX",
];

/// The name of a signal, without "SIG": "INT"; `None` for a number that is no signal. 0 is "ZERO".
pub fn name(signal: i32) -> Option<&'static str> {
    match signal {
        32..=LAST => Some(REAL_TIME[(signal - 32) as usize]),
        _ => NAMES.iter().find(|(_, n)| *n == signal).map(|(name, _)| *name),
    }
}

/// The number of a signal by its name: "INT", "SIGINT", "CLD", "2", "RTMIN+1", "NUM35". "ZERO" and "0" are 0.
/// Upper case only, as in Perl.
pub fn number(signal: &str) -> Result<i32> {
    let unknown = || Error::invalid("signal", format!("no such signal: {signal:?}"));
    let short = signal.strip_prefix("SIG").unwrap_or(signal);
    if let Some(at) = packed(short.as_bytes()).and_then(|name| PACKED.iter().position(|known| *known == name)) {
        return Ok(NAMES[at].1);
    }
    let plain = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse::<i32>().ok()).flatten();
    let n = if let Some(more) = short.strip_prefix("RTMIN") {
        match more.strip_prefix('+') {
            Some(more) => plain(more).and_then(|more| more.checked_add(RTMIN)).filter(|n| *n >= RTMIN),
            None => more.is_empty().then_some(RTMIN),
        }
    } else if let Some(less) = short.strip_prefix("RTMAX") {
        match less.strip_prefix('-') {
            Some(less) => plain(less).and_then(|less| LAST.checked_sub(less)).filter(|n| *n >= RTMIN),
            None => less.is_empty().then_some(LAST),
        }
    } else if let Some(digits) = short.strip_prefix("NUM") {
        plain(digits).filter(|n| *n >= 32)
    } else {
        plain(signal)
    };
    n.filter(|n| (0..=LAST).contains(n)).ok_or_else(unknown)
}

/// All names with their numbers, in Perl's order: `kill -l` and the aliases.
pub fn names() -> impl Iterator<Item = (&'static str, i32)> {
    let standard = NAMES.iter().copied();
    let (plain, alias) = (standard.clone().take(32), standard.skip(32));
    plain.chain((32..=LAST).map(|n| (REAL_TIME[(n - 32) as usize], n))).chain(alias)
}

/// A list of names, with commas or blanks between: "INT,TERM".
pub(super) fn set(signals: &str) -> Result<u64> {
    let names = signals.split([',', ' ']).filter(|name| !name.is_empty());
    names.map(number).try_fold(0, |set, n| match n? {
        0 => Err(Error::invalid("signal", "ZERO is not a signal that can come")),
        n => Ok(set | bit(n)),
    })
}

/// A signal's place in a set; in the kernel's handler too, so it must not be able to panic.
#[inline(always)]
pub(super) fn bit(signal: i32) -> u64 {
    1u64.wrapping_shl(signal as u32 - 1)
}
