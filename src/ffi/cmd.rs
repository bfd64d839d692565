//! What to run.

use std::ffi::{CStr, c_char};
use std::os::fd::RawFd;
use std::time::Duration;

use super::child::ipc_child;
use super::{Handle, bytes, free, get, get_mut, give, guard, maybe_text, out_handle, pid_of, put, text};
use crate::child::flush_stdio;
use crate::cmd::Cmd;
use crate::error::Error;
use crate::status::Status;
use crate::time::Deadline;

/// What to run; reusable. Setters keep the first failure, which start, run, exec and whatever opens it return.
#[repr(C)]
pub struct ipc_cmd {
    tag: u32,
    pub(super) cmd: Cmd,
}

impl Handle for ipc_cmd {
    const TAG: u32 = u32::from_be_bytes(*b"icmd");
    const NAME: &'static str = "cmd";
}

fn handle(cmd: Cmd) -> *mut ipc_cmd {
    Box::into_raw(Box::new(ipc_cmd { tag: ipc_cmd::TAG, cmd }))
}

/// Calls a setter and answers with its own failure; the command keeps its first one.
unsafe fn set(cmd: *mut ipc_cmd, set: impl FnOnce(&mut Cmd) -> Result<(), Error>) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle, which one thread uses at a time.
        let cmd = &mut unsafe { get_mut(cmd)? }.cmd;
        cmd.attempt(set).map(|()| 0)
    })
}

/// A program without arguments yet; one without "/" is looked up in PATH when it is started ("." and empty entries are
/// passed over). Never a shell.
///
/// Returns: the command, never NULL; free it with ipc_cmd_free.
/// Errors: kept: start tells.
/// Threads: any; one at a time for a command.
/// Blocks: no.
/// Perl: the first element of a list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_cmd_new(program: *const c_char) -> *mut ipc_cmd {
    // SAFETY: the caller's string.
    handle(match unsafe { bytes(program, "command") } {
        Ok(program) => Cmd::new(program),
        Err(_) => Cmd::argv::<Vec<u8>>([]),
    })
}

/// A program with its arguments, as main gets them: `argv` ends with NULL.
///
/// Returns: the command, never NULL; free it with ipc_cmd_free.
/// Errors: kept: start tells.
/// Threads: any; one at a time for a command.
/// Blocks: no.
/// Perl: the list form of open, system, exec.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_cmd_argv(argv: *const *const c_char) -> *mut ipc_cmd {
    let mut at = argv;
    let strings = std::iter::from_fn(|| {
        // SAFETY: a NULL-ended array of C strings, or NULL.
        unsafe {
            let arg = at.as_ref().filter(|arg| !arg.is_null())?;
            at = at.add(1);
            Some(CStr::from_ptr(*arg).to_bytes())
        }
    });
    handle(Cmd::argv(strings))
}

/// A command string, run as Perl runs one: by /bin/sh -c where it has shell metacharacters, else split at white space
/// and run directly.
///
/// Returns: the command, never NULL; free it with ipc_cmd_free.
/// Errors: kept: start tells.
/// Threads: any; one at a time for a command.
/// Blocks: no.
/// Perl: system "string".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_cmd_shell(command: *const c_char) -> *mut ipc_cmd {
    // SAFETY: the caller's string.
    handle(match unsafe { bytes(command, "command") } {
        Ok(command) => Cmd::shell(command),
        Err(_) => Cmd::shell(""),
    })
}

/// One more argument.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for NULL; kept.
/// Threads: any; one at a time for a command.
/// Blocks: no.
/// Perl: an element of the list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_cmd_arg(cmd: *mut ipc_cmd, arg: *const c_char) -> i32 {
    // SAFETY: the caller's handle and string.
    unsafe {
        set(cmd, |cmd| {
            match bytes(arg, "argument") {
                Ok(arg) => drop_ref(cmd.arg(arg)),
                Err(error) => cmd.refuse(error),
            }
            Ok(())
        })
    }
}

fn drop_ref(_: &mut Cmd) {}

/// A variable of the child's environment; `value` NULL takes it away. The rest is as this process has it at the start.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for a name that is empty or has "="; kept.
/// Threads: any; one at a time for a command.
/// Blocks: no.
/// Perl: local $ENV{NAME} = value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_cmd_env(cmd: *mut ipc_cmd, name: *const c_char, value: *const c_char) -> i32 {
    // SAFETY: the caller's handle and strings.
    unsafe {
        set(cmd, |cmd| {
            let value = if value.is_null() { None } else { Some(CStr::from_ptr(value).to_bytes()) };
            match bytes(name, "environment") {
                Ok(name) => drop_ref(cmd.env(name, value)),
                Err(error) => cmd.refuse(error),
            }
            Ok(())
        })
    }
}

/// An empty environment, but for what ipc_cmd_env sets, before or after.
///
/// Returns: 0.
/// Errors: none.
/// Threads: any; one at a time for a command.
/// Blocks: no.
/// Perl: local %ENV = ().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_cmd_env_clear(cmd: *mut ipc_cmd) -> i32 {
    // SAFETY: the caller's handle.
    unsafe {
        set(cmd, |cmd| {
            cmd.env_clear();
            Ok(())
        })
    }
}

/// The child's working directory, entered as the child's user. Redirections stay relative to this process's.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for NULL; kept. That it cannot be entered is the start's failure, step "chdir".
/// Threads: any; one at a time for a command.
/// Blocks: no.
/// Perl: chdir before exec.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_cmd_dir(cmd: *mut ipc_cmd, path: *const c_char) -> i32 {
    // SAFETY: the caller's handle and string.
    unsafe {
        set(cmd, |cmd| {
            match bytes(path, "chdir") {
                Ok(path) => drop_ref(cmd.dir(path)),
                Err(error) => cmd.refuse(error),
            }
            Ok(())
        })
    }
}

/// What a descriptor of the child is, in a word: "<path", ">path" (made with mode 0600), ">>path", "+<path", "&N" (the
/// child's own descriptor N, whatever that is in the end), "null", "close", "inherit", "socket" (a Unix socket pair in
/// the place of a pipe: quicker for much data; a child that opens /dev/stdout cannot have one), "tty" (a pseudo-terminal in
/// the place of a pipe that is read, so that the child does not hold its output back). Files are opened when the command
/// is started.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for another word; kept.
/// Threads: any; one at a time for a command.
/// Blocks: no; starting can (a FIFO).
/// Perl: open STDOUT, ">path" in the child.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_cmd_redirect(cmd: *mut ipc_cmd, child_fd: i32, spec: *const c_char) -> i32 {
    // SAFETY: the caller's handle and string.
    unsafe {
        set(cmd, |cmd| {
            match bytes(spec, "redirect") {
                Ok(spec) => drop_ref(cmd.redirect(child_fd, spec)),
                Err(error) => cmd.refuse(error),
            }
            Ok(())
        })
    }
}

/// Passes a descriptor of this process to the child, as its number `child_fd`. It stays the caller's, and must be open
/// when the command is started. Any permutation works.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for a number that is none; kept. One that is not open is the start's failure, -EBADF.
/// Threads: any; one at a time for a command.
/// Blocks: no.
/// Perl: open STDIN, "<&FH" in the child; $^F.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_cmd_pass(cmd: *mut ipc_cmd, child_fd: i32, fd: i32) -> i32 {
    // SAFETY: the caller's handle.
    unsafe {
        set(cmd, |cmd| {
            cmd.pass(child_fd as RawFd, fd as RawFd);
            Ok(())
        })
    }
}

/// The child's user and group, by names or numbers; NULL leaves one as it is. Supplementary groups, group, user are set
/// in this order, real, effective and saved, and read back. A user alone brings its own groups.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for what is not UTF-8; kept. An unknown name is the start's failure.
/// Threads: any; one at a time for a command.
/// Blocks: no; starting asks the system's user database.
/// Perl: ($EUID, $EGID) = ($UID, $GID), in the right order.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_cmd_user(cmd: *mut ipc_cmd, user: *const c_char, group: *const c_char) -> i32 {
    // SAFETY: the caller's handle and strings.
    unsafe {
        set(cmd, |cmd| {
            match (maybe_text(user, "user"), maybe_text(group, "group")) {
                (Ok(user), Ok(group)) => drop_ref(cmd.user(user, group)),
                (Err(error), _) | (_, Err(error)) => cmd.refuse(error),
            }
            Ok(())
        })
    }
}

/// An option by its name: "argv0", "umask" (octal), "session" ("1"), "group" (a process group, "0" a new one), "groups"
/// (names or numbers, with commas), "limit.NAME" ("soft", "soft:hard", "unlimited"), "die_with_parent" (a signal),
/// "end_on_free" ("1"), "default" (signals that the child gets back from being ignored, with commas), "grace"
/// (milliseconds), "keep" (bytes of each output that a capture keeps: the first half and the last), "terminal" (how
/// ipc_pty_open sets its terminal: "raw", "echo", "crlf", with commas), "taint" ("1": each start makes the checks of
/// ipc_taint_check, and that of the program: absolute or found in PATH, neither it nor its directory writable by everybody),
/// "clean" ("1": in place of this process's environment PATH=/usr/bin:/bin, and TERM, LANG, LC_* where they are harmless).
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for an unknown name or a value that is none; kept.
/// Threads: any; one at a time for a command.
/// Blocks: no.
/// Perl: umask, setsid, setpgrp and their like in the child.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_cmd_option(cmd: *mut ipc_cmd, name: *const c_char, value: *const c_char) -> i32 {
    // SAFETY: the caller's handle and strings.
    unsafe {
        set(cmd, |cmd| match (text(name, "option"), text(value, "option")) {
            (Ok(name), Ok(value)) => cmd.option(name, value),
            (Err(error), _) | (_, Err(error)) => {
                cmd.refuse(error);
                Ok(())
            }
        })
    }
}

/// How a call's deadline ends the child: TERM to its tree, `term_ms` to go, then KILL; 0 is KILL at once. One second at
/// first.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for a negative time; kept.
/// Threads: any; one at a time for a command.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_cmd_grace(cmd: *mut ipc_cmd, term_ms: i32) -> i32 {
    // SAFETY: the caller's handle.
    unsafe {
        set(cmd, |cmd| {
            match u64::try_from(term_ms) {
                Ok(ms) => drop_ref(cmd.grace(Duration::from_millis(ms))),
                Err(_) => cmd.refuse(Error::invalid("grace", "a negative time")),
            }
            Ok(())
        })
    }
}

/// Starts it, without any pipe: its descriptors are as was said, else this process's 0, 1 and 2, and no others.
///
/// Returns: the pid, and the child in `out` (free it with ipc_child_free).
/// Errors: the failing step's: -ENOENT and -EACCES (step "exec") for a program that cannot be run, -EAGAIN (step "fork").
/// Threads: any.
/// Blocks: until the program runs or has failed to; longer where a redirection is a FIFO.
/// Perl: fork and exec.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_cmd_start(cmd: *const ipc_cmd, out: *mut *mut ipc_child) -> i32 {
    guard(|| {
        // SAFETY: the caller's out-parameter and handle.
        unsafe {
            out_handle(out, "start")?;
            let child = get(cmd)?.cmd.start()?;
            let pid = pid_of(&child);
            give(out, ipc_child::new(child));
            Ok(pid)
        }
    })
}

/// Runs it and waits, with INT and QUIT ignored in this process meanwhile: they are the child's. At the deadline its
/// tree is ended (see ipc_cmd_grace).
///
/// Returns: 0, and the native wait status in `status` (-1 unknown).
/// Errors: the failing step's when it cannot be started; -ETIMEDOUT and PERLIPC_E_HANDLER, with the status of the ended
/// child.
/// Threads: any.
/// Blocks: until the child has ended.
/// Perl: system.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_cmd_run(cmd: *const ipc_cmd, timeout_ms: i32, status: *mut i32) -> i32 {
    guard(|| {
        // SAFETY: the caller's out-parameter and handle.
        unsafe {
            put(status, Status::UNKNOWN.raw());
            let ended = get(cmd)?.cmd.system(Deadline::after_ms(timeout_ms))?;
            put(status, ended.status.raw());
            match ended.stopped {
                None => Ok(0),
                Some(error) => Err(error),
            }
        }
    })
}

/// This process becomes the program. Descriptors that were not passed do not survive it; handlers become defaults, what
/// is ignored stays so. What C's stdio has buffered is flushed before, if no other thread could hold it up: it would be lost.
///
/// Returns: only when it fails.
/// Errors: the failing step's, -ENOENT say. What the steps before have done to this process stays.
/// Threads: any; the others end with it.
/// Blocks: no; while what stdio has buffered is written, and where a redirection is a FIFO.
/// Perl: exec.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_cmd_exec(cmd: *const ipc_cmd) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle.
        let cmd = &unsafe { get(cmd)? }.cmd;
        flush_stdio();
        Err(cmd.exec())
    })
}

/// Frees it; NULL is nothing. What was started with it is not touched.
///
/// Returns: nothing.
/// Errors: none.
/// Threads: any; nobody may use it any more.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_cmd_free(cmd: *mut ipc_cmd) {
    // SAFETY: the caller's handle.
    unsafe { free(cmd) }
}
