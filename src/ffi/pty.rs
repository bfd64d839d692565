//! Pseudo-terminals.

use std::ffi::c_char;

use super::cmd::ipc_cmd;
use super::interact;
use super::stream::ipc_stream;
use super::{copy_text, get, give, guard, out_handle, pid_of, put, text};
use crate::error::Error;
use crate::pty;

fn size(rows: i32, cols: i32) -> Result<(u16, u16), Error> {
    match (u16::try_from(rows), u16::try_from(cols)) {
        (Ok(rows), Ok(cols)) => Ok((rows, cols)),
        _ => Err(Error::invalid("pty", format!("{rows} rows and {cols} columns are no size"))),
    }
}

/// Starts a command on a new pty of that size (0: nobody knows), in a session of its own whose controlling terminal it is.
/// The stream reads what it says, standard error included, and writes what it reads. Echo and the change of newlines into
/// CR LF are off; the option "terminal" of ipc_cmd_option has "raw", "echo" and "crlf". All that the child wrote is read,
/// then comes the end, then its status at close, which hangs the terminal up.
///
/// Returns: the pid, and the stream in `out`.
/// Errors: the failing step's, -ENOENT say; PERLIPC_E_INVALID for a size that is none.
/// Threads: any.
/// Blocks: until the program runs or has failed to.
/// Perl: Comm's open_proc, IO::Pty.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_pty_open(cmd: *const ipc_cmd, rows: i32, cols: i32, out: *mut *mut ipc_stream) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle and out-parameter.
        unsafe {
            out_handle(out, "pty")?;
            let (rows, cols) = size(rows, cols)?;
            let stream = pty::open(&get(cmd)?.cmd, rows, cols)?;
            let pid = stream.child().map_or(0, pid_of);
            give(out, ipc_stream::new(stream));
            Ok(pid)
        }
    })
}

/// Gives the terminal a new size: its foreground processes get WINCH.
///
/// Returns: 0.
/// Errors: -ENOTTY for another stream, PERLIPC_E_CLOSED; PERLIPC_E_INVALID for a size that is none.
/// Threads: any.
/// Blocks: no.
/// Perl: $pty->set_winsize.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_pty_resize(s: *mut ipc_stream, rows: i32, cols: i32) -> i32 {
    guard(|| {
        let (rows, cols) = size(rows, cols)?;
        // SAFETY: the caller's handle.
        pty::resize_shared(unsafe { get(s)? }.shared(), rows, cols).map(|()| 0)
    })
}

/// The terminal's size.
///
/// Returns: 0, and rows and columns.
/// Errors: -ENOTTY for another stream, PERLIPC_E_CLOSED.
/// Threads: any.
/// Blocks: no.
/// Perl: $pty->get_winsize.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_pty_size(s: *const ipc_stream, rows: *mut i32, cols: *mut i32) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle and out-parameters.
        unsafe {
            let (high, wide) = pty::size_shared(get(s)?.shared())?;
            put(rows, i32::from(high));
            put(cols, i32::from(wide));
        }
        Ok(0)
    })
}

/// The name of the child's end, "/dev/pts/N", copied with a NUL.
///
/// Returns: its length.
/// Errors: -ENOTTY for another stream, PERLIPC_E_CLOSED; -ERANGE when it does not fit.
/// Threads: any.
/// Blocks: no.
/// Perl: $pty->ttyname.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_pty_name(s: *const ipc_stream, name: *mut c_char, cap: usize) -> i32 {
    // SAFETY: the caller's handle and buffer.
    guard(|| unsafe { copy_text(&pty::name_shared(get(s)?.shared())?, name, cap, "name") })
}

/// Joins the user's terminal, standard input and output, with a child's pty: what is typed goes to the child, Control-C
/// too, and what the child says is shown, until `escape` is typed (a byte, 29 for Control-]; -1: none) or the child has
/// ended. The terminal is raw meanwhile, hands its size on, and is put back on every way out, signals included. The pty
/// echoes and changes newlines as its command's "terminal" option says: "echo,crlf" for a person's use.
///
/// Returns: PERLIPC_INTERACT_ESCAPE, PERLIPC_INTERACT_EOF, or PERLIPC_INTERACT_INPUT.
/// Errors: as ipc_interact_run; PERLIPC_E_INVALID for an escape that is no byte.
/// Threads: any, one at a time in a process; it alone uses the stream.
/// Blocks: until one of these, or the stream's deadline; its limit of each call does not count.
/// Perl: $exp->interact.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_pty_interact(s: *mut ipc_stream, escape: i32) -> i32 {
    // SAFETY: the caller's handle.
    guard(|| unsafe { interact::once(s, escape) })
}

/// The byte that a key gives with Control held: "c" is 3, which interrupts, "d" 4, the end of input, "\\" 28, which quits.
///
/// Returns: the byte.
/// Errors: PERLIPC_E_INVALID for what is no such key.
/// Threads: any.
/// Blocks: no.
/// Perl: "\cC".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_pty_control(key: *const c_char) -> i32 {
    guard(|| {
        // SAFETY: the caller's string.
        let text = unsafe { text(key, "control")? };
        let mut keys = text.chars();
        match (keys.next(), keys.next()) {
            (Some(key), None) => pty::control(key).map(i32::from),
            _ => Err(Error::invalid("control", format!("{text:?} is not one key"))),
        }
    })
}
