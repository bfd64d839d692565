//! Named pipes.

use std::ffi::c_char;
use std::os::unix::ffi::OsStrExt;

use super::stream::ipc_stream;
use super::{copy_text, give, guard, out_handle, text};
use crate::fifo::{self, Private};
use crate::time::Deadline;

/// Makes a FIFO with this mode (0600, say), from which the process's mask takes its bits.
///
/// Returns: 0.
/// Errors: -EEXIST when the name is taken; -ENOENT, -EACCES.
/// Threads: any.
/// Blocks: no.
/// Perl: POSIX::mkfifo.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_fifo_make(path: *const c_char, mode: u32) -> i32 {
    guard(|| {
        // SAFETY: the caller's string.
        fifo::make(unsafe { super::path(path, "mkfifo")? }, mode).map(|()| 0)
    })
}

/// Makes a FIFO in a new directory that only this user can enter, so that nobody can put another in its place; below
/// XDG_RUNTIME_DIR, TMPDIR or /tmp. Both are the caller's to remove (unlink, rmdir).
///
/// Returns: the length of its path, copied to `path` with a NUL.
/// Errors: -ERANGE when the path does not fit: then nothing is left; -EACCES.
/// Threads: any.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_fifo_private(path: *mut c_char, cap: usize) -> i32 {
    guard(|| {
        let made = Private::new()?;
        // SAFETY: the caller's buffer.
        let len = unsafe { copy_text(made.path().as_os_str().as_bytes(), path, cap, "fifo")? };
        made.keep();
        Ok(len)
    })
}

/// Whether there is a FIFO of that name.
///
/// Returns: 1 or 0; what is missing is none, nor is a name that leads nowhere.
/// Errors: -EACCES and the like.
/// Threads: any.
/// Blocks: no.
/// Perl: -p.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_fifo_is(path: *const c_char) -> i32 {
    // SAFETY: the caller's string.
    guard(|| fifo::is(unsafe { super::path(path, "fifo")? }).map(i32::from))
}

/// Opens a FIFO: "<" to read, waiting for a writer, until the last writer has closed; ">" to write, waiting for a reader;
/// "+<" waits for nobody, and reads on while writers come and go. Writes are buffered until a flush or close; those of
/// "+<", which the same stream may read, go out at once.
///
/// Returns: 0, and the stream in `out`.
/// Errors: -ENOENT; -ETIMEDOUT; PERLIPC_E_HANDLER; PERLIPC_E_INVALID for what is no FIFO, or another mode.
/// Threads: any.
/// Blocks: until the other side opens it, or the timeout; with a timeout it looks every 1 to 20 ms.
/// Perl: open FH, "<", $fifo.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_fifo_open(
    path: *const c_char,
    mode: *const c_char,
    timeout_ms: i32,
    out: *mut *mut ipc_stream,
) -> i32 {
    guard(|| {
        // SAFETY: the caller's strings and out-parameter.
        unsafe {
            out_handle(out, "fifo")?;
            let path = super::path(path, "fifo")?;
            let stream = fifo::open(path, text(mode, "fifo")?.parse()?, Deadline::after_ms(timeout_ms))?;
            give(out, ipc_stream::new(stream));
        }
        Ok(0)
    })
}
