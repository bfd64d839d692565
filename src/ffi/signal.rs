//! %SIG.

use std::ffi::{c_char, c_void};

use super::{error, guard, text};
use crate::error::Error;
use crate::signal;
use crate::time::Deadline;

/// Called when a signal has arrived, on the signal thread, inside a blocking call of this library or
/// ipc_signal_dispatch; never inside a signal, so it may do anything.
///
/// Result: 0 and the interrupted call goes on; anything else and it ends with PERLIPC_E_HANDLER (Perl's die).
pub type ipc_signal_fn = Option<unsafe extern "C" fn(signo: i32, name: *const c_char, userdata: *mut c_void) -> i32>;

/// What a callback is given back; the caller sees to it that it may be used on the signal thread.
struct UserData(*mut c_void);

// SAFETY: only handed back to the callback that it was registered with.
unsafe impl Send for UserData {}
// SAFETY: as above.
unsafe impl Sync for UserData {}

impl UserData {
    fn get(&self) -> *mut c_void {
        self.0
    }
}

/// The number of a signal: "INT", "SIGINT", "2", "CLD", "RTMIN+1", "NUM35"; "ZERO" and "0" are 0.
///
/// Returns: 0 to 64.
/// Errors: PERLIPC_E_INVALID for a name that is none.
/// Threads: any.
/// Blocks: no.
/// Perl: %Config{sig_num}.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_signal_number(signal: *const c_char) -> i32 {
    // SAFETY: the caller's string.
    guard(|| signal::number(unsafe { text(signal, "signal")? }))
}

/// The name of a signal, without "SIG".
///
/// Returns: "INT"; NULL for a number that is no signal. Valid for ever.
/// Errors: none.
/// Threads: any.
/// Blocks: no.
/// Perl: %Config{sig_name}.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_signal_name(signo: i32) -> *const c_char {
    signal::name(signo).map_or(std::ptr::null(), error::interned)
}

/// Installs a handler. The thread that installs the first one becomes the signal thread, where all of them run.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for KILL and STOP, which nobody can have, and SEGV, BUS, FPE, ILL, which would fault for ever.
/// Threads: any.
/// Blocks: no.
/// Callbacks: `handler`, on the signal thread, never inside a signal.
/// Perl: $SIG{X} = sub { ... }.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_signal_handle(
    signal: *const c_char,
    handler: ipc_signal_fn,
    userdata: *mut c_void,
) -> i32 {
    guard(|| {
        let Some(handler) = handler else { return Err(Error::invalid("signal", "no handler")) };
        let data = UserData(userdata);
        // SAFETY: the caller's string; the handler is called as it was promised.
        signal::handle(unsafe { text(signal, "signal")? }, move |arrived| {
            let name = error::interned(arrived.name());
            match unsafe { handler(arrived.signal, name, data.get()) } {
                0 => Ok(()),
                value => Err(value),
            }
        })?;
        Ok(0)
    })
}

/// Ignores a signal; what is pending is discarded. Children inherit it.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for KILL and STOP.
/// Threads: any.
/// Blocks: no.
/// Perl: $SIG{X} = 'IGNORE'.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_signal_ignore(signal: *const c_char) -> i32 {
    // SAFETY: the caller's string.
    guard(|| signal::ignore(unsafe { text(signal, "signal")? }).map(|()| 0))
}

/// Gives a signal its default.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for KILL and STOP.
/// Threads: any.
/// Blocks: no.
/// Perl: $SIG{X} = 'DEFAULT'.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_signal_default(signal: *const c_char) -> i32 {
    // SAFETY: the caller's string.
    guard(|| signal::default(unsafe { text(signal, "signal")? }).map(|()| 0))
}

/// A safe point for programs that do not call this library for long: runs the handlers that are due, after waiting for
/// one for `timeout_ms`.
///
/// Returns: how many handlers ran; 0 when time is up, or on a thread that is not the signal thread.
/// Errors: PERLIPC_E_HANDLER when a handler asks to give up; -EINTR after ipc_signal_hosted(1).
/// Threads: any; handlers run on the signal thread only.
/// Blocks: until a handler ran or the timeout.
/// Callbacks: the handlers.
/// Perl: every op is one.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_signal_dispatch(timeout_ms: i32) -> i32 {
    guard(|| signal::dispatch(Deadline::after_ms(timeout_ms)).map(|ran| i32::try_from(ran).unwrap_or(i32::MAX)))
}

/// Whether a handler that this library did not install, run during a blocking call, ends that call with -EINTR, with
/// nothing lost: for hosts that run their own handlers between calls. Off at first.
///
/// Returns: 0.
/// Errors: none.
/// Threads: any; it counts for all.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_signal_hosted(on: i32) -> i32 {
    signal::hosted(on != 0);
    0
}

/// Sends a signal to a process, or to a process group given as a negative number; 0 is the own group. "0" or "ZERO"
/// sends nothing and tells whether it could. For children: ipc_child_kill, which never hits a stranger.
///
/// Returns: 1.
/// Errors: -ESRCH there is no such process, -EPERM it is somebody else's, PERLIPC_E_INVALID for an unknown name.
/// Threads: any.
/// Blocks: no.
/// Perl: kill.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_signal_kill(signal: *const c_char, pid: i32) -> i32 {
    // SAFETY: the caller's string.
    guard(|| signal::kill(unsafe { text(signal, "signal")? }, pid).map(|()| 1))
}
