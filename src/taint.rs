//! Perl's taint checks (-T), as far as they make sense for a library: what a program that runs commands on behalf of
//! others must not trust.
//!
//! Perl follows each value from where it came and refuses those that nobody looked at. A library sees values and not
//! where they came from: it refuses by what they hold.

use std::ffi::{CStr, CString};

use crate::error::{Error, Result};
use crate::sys;

/// What makes a shell split words, change directories or read files on somebody else's word: as in Perl.
const DANGEROUS: [&str; 4] = ["IFS", "CDPATH", "ENV", "BASH_ENV"];
/// Writable by everybody.
const OTHERS_WRITE: u32 = libc::S_IWOTH;

fn insecure(reason: String) -> Error {
    Error::Insecure { step: "taint", reason }
}

fn insecure_variable(name: &str) -> Error {
    insecure(format!("Insecure $ENV{{{name}}}"))
}

/// The value of a variable in an environment as execve takes it.
fn value<'a>(env: &'a [CString], name: &str) -> Option<&'a [u8]> {
    env.iter().find_map(|entry| entry.to_bytes().strip_prefix(name.as_bytes())?.strip_prefix(b"="))
}

/// What Perl lets a terminal's name consist of, and what else is let through.
fn is_plain(value: &[u8], more: &[u8]) -> bool {
    value.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-.+".contains(byte) || more.contains(byte))
}

fn others_write(path: &CStr) -> bool {
    sys::files::stat(path).is_ok_and(|stat| stat.st_mode & OTHERS_WRITE != 0)
}

/// Checks this process as `-T` would before it runs a command; the error names the first thing that is not safe:
///
/// - `$ENV{PATH}` holds a directory that is relative, empty, or writable by everybody (Perl's "Insecure directory in
///   $ENV{PATH}", and the directory's name);
/// - IFS, CDPATH, ENV or BASH_ENV is set, or TERM holds odd characters ("Insecure $ENV{IFS}");
/// - the real and effective ids of user or group differ: what is run would have both.
///
/// [`Cmd::taint`](crate::Cmd::taint) makes the same checks, and that of its program, each time a command is started.
/// Perl: -T. It follows each value from its source; this looks at what a value holds, wherever it came from.
pub fn check() -> Result<()> {
    check_environment(&sys::process::environment())?;
    check_ids()
}

pub(crate) fn check_environment(env: &[CString]) -> Result<()> {
    // A PATH that is not there or is empty stands for the system's own.
    let path = value(env, "PATH").filter(|path| !path.is_empty());
    for dir in path.into_iter().flat_map(|path| path.split(|byte| *byte == b':')) {
        let open = CString::new(dir).is_ok_and(|dir| others_write(&dir));
        if dir.first() != Some(&b'/') || open {
            let dir = if dir.is_empty() { "(empty)".into() } else { String::from_utf8_lossy(dir) };
            return Err(insecure(format!("Insecure directory in $ENV{{PATH}}: {dir}")));
        }
    }
    if value(env, "TERM").is_some_and(|term| !is_plain(term, b"")) {
        return Err(insecure_variable("TERM"));
    }
    DANGEROUS.iter().find(|name| value(env, name).is_some()).map_or(Ok(()), |name| Err(insecure_variable(name)))
}

pub(crate) fn check_ids() -> Result<()> {
    let ([user, as_user, _], [group, as_group, _]) = sys::process::ids();
    if user != as_user {
        return Err(insecure(format!("Insecure ids: the real user is {user}, the effective one {as_user}")));
    }
    if group != as_group {
        return Err(insecure(format!("Insecure ids: the real group is {group}, the effective one {as_group}")));
    }
    Ok(())
}

/// A program by its path (where a PATH was gone through, the first of the candidates that is there): absolute, and
/// neither it nor its directory writable by everybody.
pub(crate) fn check_program(candidates: &[CString]) -> Result<()> {
    let there = candidates.iter().find(|path| sys::files::stat(path).is_ok());
    let Some(program) = there.or(candidates.first()) else { return Ok(()) };
    let bytes = program.to_bytes();
    let name = String::from_utf8_lossy(bytes);
    if bytes.first() != Some(&b'/') {
        return Err(insecure(format!("Insecure program: {name} is relative")));
    }
    let end = bytes.iter().rposition(|byte| *byte == b'/').unwrap_or(0).max(1);
    let dir = bytes.get(..end).and_then(|dir| CString::new(dir).ok()).unwrap_or_default();
    if others_write(program) {
        return Err(insecure(format!("Insecure program: everybody may write {name}")));
    }
    if others_write(&dir) {
        return Err(insecure(format!("Insecure directory of {name}: everybody may write it")));
    }
    Ok(())
}

/// A minimal environment that passes the checks, as names and values: `PATH=/usr/bin:/bin`, and of this process's
/// variables TERM, LANG and LC_*, where they hold nothing but letters, digits and `_-.+` (of a locale `:@` too).
///
/// [`Cmd::clean`](crate::Cmd::clean) starts a command with it. Perl: `$ENV{PATH} = '/usr/bin:/bin'; delete @ENV{...}`.
pub fn clean() -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut env = vec![(b"PATH".to_vec(), b"/usr/bin:/bin".to_vec())];
    for entry in sys::process::environment() {
        let Some(at) = entry.to_bytes().iter().position(|byte| *byte == b'=') else { continue };
        let (name, value) = entry.to_bytes().split_at(at);
        let value = value.get(1..).unwrap_or_default();
        // A locale may have a modifier, "de_DE@euro".
        let is_locale = name == b"LANG" || (name.starts_with(b"LC_") && is_plain(name, b""));
        if (is_locale && is_plain(value, b":@")) || (name == b"TERM" && is_plain(value, b"")) {
            env.push((name.to_vec(), value.to_vec()));
        }
    }
    env
}
