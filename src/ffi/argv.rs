//! The magic ARGV.

use std::ffi::{c_char, c_void};

use super::half::{Half, Use};
use super::{Handle, free, get, give, guard, out_handle, put, slice};
use crate::argv::Argv;
use crate::error::Error;
use crate::status::Status;
use crate::stream::Separator;

/// Is told of a name that cannot be opened, with the code of the failure.
pub type ipc_argv_report_fn = Option<unsafe extern "C" fn(name: *const c_char, code: i32, userdata: *mut c_void)>;

/// Many files as one stream of lines. For one thread at a time; inside a call of it, in a callback, all is PERLIPC_E_BUSY.
#[repr(C)]
pub struct ipc_argv {
    tag: u32,
    files: Half<Files>,
}

struct Files {
    argv: Argv,
    /// The record given out last, with a NUL.
    line: Vec<u8>,
    name: Vec<u8>,
}

/// # Safety
/// As [`get`], and no other thread uses it now.
unsafe fn files<'a>(a: *const ipc_argv) -> Result<Use<'a, Files>, Error> {
    // SAFETY: the caller's promise.
    unsafe { get(a)?.files.enter("argv") }
}

impl Handle for ipc_argv {
    const TAG: u32 = u32::from_be_bytes(*b"iarg");
    const NAME: &'static str = "argv";
}

/// What the caller gave with a callback.
struct Userdata(*mut c_void);

// SAFETY: the pointer is only handed back, on the thread that calls.
unsafe impl Send for Userdata {}

/// Opens many files as one stream of lines: `names` is NULL-ended, a program's arguments say; none at all (or NULL), and none
/// pushed before the first record is asked for, is standard input. Names are taken as they are; with `magic`, "cmd |" is
/// a command whose output is read, "-" is standard input ("<-" and "<&STDIN" too), "<&3" a descriptor, and spaces around
/// do not count: trust the names then. Nothing is opened before it is read.
///
/// Returns: 0, and the handle in `out`.
/// Errors: PERLIPC_E_INVALID for a bad out-parameter.
/// Threads: any.
/// Blocks: no.
/// Perl: <<>>; <> with magic.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_argv_open(names: *const *const c_char, magic: i32, out: *mut *mut ipc_argv) -> i32 {
    guard(|| {
        // SAFETY: the caller's list and out-parameter.
        unsafe {
            out_handle(out, "argv")?;
            let mut list: Vec<Vec<u8>> = Vec::new();
            while !names.is_null() && !(*names.add(list.len())).is_null() {
                list.push(super::bytes(*names.add(list.len()), "argv")?.to_vec());
            }
            let argv = Argv::open(list, magic != 0);
            let files = Half::new(Some(Files { argv, line: Vec::new(), name: Vec::new() }));
            give(out, ipc_argv { tag: ipc_argv::TAG, files });
        }
        Ok(0)
    })
}

/// Who is told of names that cannot be opened and are passed over, in place of a line to standard error: the name and the
/// code of the failure. NULL: nobody.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for a bad handle.
/// Threads: one at a time uses the handle.
/// Blocks: no.
/// Callbacks: `report`, inside ipc_argv_readline and ipc_argv_eof_all.
/// Perl: the warning "Can't open x".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_argv_report(a: *mut ipc_argv, report: ipc_argv_report_fn, userdata: *mut c_void) -> i32 {
    guard(|| {
        let userdata = Userdata(userdata);
        // SAFETY: the caller's handle.
        unsafe { files(a)? }.half.argv.report(move |name, error| {
            let userdata = &userdata;
            if let Some(report) = report {
                let name = [name, b"\0"].concat();
                // SAFETY: the caller's function, with what it was registered with.
                unsafe { report(name.as_ptr().cast(), super::error::code_of(error), userdata.0) };
            }
        });
        Ok(0)
    })
}

/// One more name, behind the others.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for a bad handle.
/// Threads: one at a time uses the handle.
/// Blocks: no.
/// Perl: push @ARGV.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_argv_push(a: *mut ipc_argv, name: *const c_char) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle and string.
        unsafe { files(a)?.half.argv.push(super::bytes(name, "argv")?) };
        Ok(0)
    })
}

/// What ends a record in all of the files: any bytes; `data` NULL: each file whole; `len` 0 otherwise: paragraphs.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for a bad handle.
/// Threads: one at a time uses the handle.
/// Blocks: no.
/// Perl: $/.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_argv_separator(a: *mut ipc_argv, data: *const c_void, len: usize) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle and data.
        unsafe {
            let separator = match slice(data.cast(), len, "separator")? {
                _ if data.is_null() => Separator::Whole,
                [] => Separator::Paragraph,
                bytes => Separator::Bytes(bytes.to_vec().into()),
            };
            files(a)?.half.argv.separator(separator)?;
        }
        Ok(0)
    })
}

/// Records of a fixed size in all of the files, the last one of each shorter; 0: each file whole.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for a bad handle.
/// Threads: one at a time uses the handle.
/// Blocks: no.
/// Perl: $/ = \N; $/ = undef.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_argv_record(a: *mut ipc_argv, size: usize) -> i32 {
    guard(|| {
        let separator = if size == 0 { Separator::Whole } else { Separator::Size(size) };
        // SAFETY: the caller's handle.
        unsafe { files(a)?.half.argv.separator(separator)? };
        Ok(0)
    })
}

/// The next record, borrowed until the next call with the handle; a NUL follows. A name that cannot be opened is reported
/// and passed over. A command that has said all is left behind without a word on how it ended: who wants its status asks
/// ipc_argv_eof after each record, and ipc_argv_close where that is 1. One that said nothing at all is never told of.
///
/// Returns: its length; 0 after the last file, where `line` is NULL (a file that is read whole and is empty gives 0 with a
/// `line`).
/// Errors: as ipc_stream_readline.
/// Threads: one at a time uses the handle.
/// Blocks: until a record is there.
/// Perl: <<>>, <>.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_argv_readline(a: *mut ipc_argv, line: *mut *const c_char) -> i64 {
    guard(|| {
        // SAFETY: the caller's handle and out-parameter; the copy lives in the handle.
        unsafe {
            put(line, std::ptr::null());
            let files = files(a)?;
            let Files { argv, line: copy, .. } = &mut *files.half;
            let Some(record) = argv.readline()? else { return Ok(0) };
            copy.clear();
            copy.extend_from_slice(record);
            copy.push(0);
            put(line, copy.as_ptr().cast());
            Ok(i64::try_from(copy.len() - 1).unwrap_or(i64::MAX))
        }
    })
}

/// The name of the file that was read last, as it was given; "-" for standard input. Borrowed until the next call with the
/// handle.
///
/// Returns: the name; NULL for a bad handle, and inside a call of it.
/// Errors: none.
/// Threads: one at a time uses the handle.
/// Blocks: no.
/// Perl: $ARGV.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_argv_name(a: *mut ipc_argv) -> *const c_char {
    guard(|| {
        // SAFETY: the caller's handle; the copy lives in it.
        let files = unsafe { files(a)? };
        files.half.name = [files.half.argv.name(), b"\0"].concat();
        Ok(files.half.name.as_ptr().cast())
    })
}

/// How many records were read, of all files; ipc_argv_close sets it back, and so does a record of a name that was pushed
/// when the end had been told.
///
/// Returns: the number.
/// Errors: PERLIPC_E_INVALID for a bad handle.
/// Threads: one at a time uses the handle.
/// Blocks: no.
/// Perl: $.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_argv_lineno(a: *const ipc_argv) -> i64 {
    // SAFETY: the caller's handle.
    guard(|| Ok(i64::try_from(unsafe { files(a)? }.half.argv.lineno()).unwrap_or(i64::MAX)))
}

/// Whether the record before was the last of its file.
///
/// Returns: 1 or 0.
/// Errors: as ipc_stream_read.
/// Threads: one at a time uses the handle.
/// Blocks: until that is known.
/// Perl: eof.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_argv_eof(a: *mut ipc_argv) -> i32 {
    // SAFETY: the caller's handle.
    guard(|| unsafe { files(a)? }.half.argv.eof().map(i32::from))
}

/// Whether there is no more record in any file. To know, it goes on to the next one.
///
/// Returns: 1 or 0.
/// Errors: as ipc_stream_read.
/// Threads: one at a time uses the handle.
/// Blocks: until that is known.
/// Perl: eof().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_argv_eof_all(a: *mut ipc_argv) -> i32 {
    // SAFETY: the caller's handle.
    guard(|| unsafe { files(a)? }.half.argv.eof_all().map(i32::from))
}

/// Closes the current file, and counts records from 0 again; for a command, waits.
///
/// Returns: 0; in `status` a command's native wait status, else -1.
/// Errors: as ipc_stream_close.
/// Threads: one at a time uses the handle.
/// Blocks: until the command has ended.
/// Perl: close ARGV.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_argv_close(a: *mut ipc_argv, status: *mut i32) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle and out-parameter.
        unsafe {
            put(status, -1);
            let ended: Result<Option<Status>, Error> = files(a)?.half.argv.close();
            put(status, ended?.map_or(-1, Status::raw));
        }
        Ok(0)
    })
}

/// Frees it; NULL is nothing.
///
/// Returns: nothing.
/// Errors: none.
/// Threads: any; nobody may use it any more.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_argv_free(a: *mut ipc_argv) {
    // SAFETY: the caller's handle.
    unsafe { free(a) }
}
