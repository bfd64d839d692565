//! Giving up privileges, and becoming a daemon.

use std::ffi::c_char;

use super::{guard, maybe_text, text};
use crate::{daemon, user};

/// Gives up the privileges of this process, all its threads, for good: supplementary groups, group, user, in this order,
/// real, effective and saved, each read back. Names or numbers; `group` NULL is the user's own.
///
/// Returns: 0.
/// Errors: -EPERM (step "setgroups", "setgid", "setuid" or "read back"): then the process may be half changed and had
/// better end. PERLIPC_E_INVALID for a user or group that does not exist, and for root.
/// Threads: any; it counts for all.
/// Blocks: no; it asks the system's user database.
/// Perl: ($EUID, $EGID) = ($UID, $GID), in the right order.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_user_drop(user: *const c_char, group: *const c_char) -> i32 {
    guard(|| {
        // SAFETY: the caller's strings.
        unsafe { user::drop_privileges(text(user, "user")?, maybe_text(group, "group")?) }?;
        Ok(0)
    })
}

/// Becomes a daemon: a new session without a terminal and without a way to get one, in "/", with 0, 1 and 2 on /dev/null.
/// The calling process ends with code 0 once the daemon stands. Words, with commas: "nochdir", "noclose", "umask=027",
/// "keep" (the caller goes on). NULL or "": none.
///
/// Returns: 0 in the daemon; 1 in the caller with "keep".
/// Errors: -EAGAIN and the like, PERLIPC_E_THREADS in a process with several threads: then there is no daemon.
/// Threads: the only one.
/// Blocks: until the daemon stands.
/// Perl: fork, setsid, fork, chdir "/", open STDIN, "/dev/null".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_daemon_start(options: *const c_char) -> i32 {
    // SAFETY: the caller's string.
    guard(|| daemon::daemonize(unsafe { maybe_text(options, "daemon")? }.unwrap_or("")).map(i32::from))
}
