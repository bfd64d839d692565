//! Servers.

use std::cell::{Cell, UnsafeCell};
use std::ffi::{CString, c_char, c_void};
use std::os::fd::IntoRawFd;
use std::time::Duration;

use super::cmd::ipc_cmd;
use super::listener::ipc_listener;
use super::{Handle, free, get, guard, maybe_text, text};
use crate::error::Error;
use crate::server::{Event, Report, Server, Stopper};

/// Serves a client, in a process that has it as standard input and output. Its result is the exit code.
///
/// Callbacks: in the forked child, or for an iterative server on the thread that called ipc_server_run.
pub type ipc_serve_fn = Option<unsafe extern "C" fn(client_fd: i32, userdata: *mut c_void) -> i32>;

/// Is told what happens in a server: "ready"; "start" with a pid and, where it is known, the client's address; "end" with
/// the pid and its native wait status; "error" with its text; "stop".
///
/// Callbacks: on the thread that called ipc_server_run.
pub type ipc_server_log_fn = Option<
    unsafe extern "C" fn(event: *const c_char, pid: i32, status: i32, text: *const c_char, userdata: *mut c_void),
>;

/// A server around a listener. Only ipc_server_stop works while it runs, from any thread.
#[repr(C)]
pub struct ipc_server {
    tag: u32,
    stopper: Option<Stopper>,
    server: UnsafeCell<Option<Server>>,
    running: Cell<bool>,
    failure: Cell<Option<Error>>,
    report: Cell<Report>,
}

impl Handle for ipc_server {
    const TAG: u32 = u32::from_be_bytes(*b"isrv");
    const NAME: &'static str = "server";
}

/// What a callback is given back.
struct UserData(*mut c_void);

// SAFETY: only handed back to the callback that it was registered with.
unsafe impl Send for UserData {}

impl UserData {
    fn get(&self) -> *mut c_void {
        self.0
    }
}

struct Running<'a>(&'a Cell<bool>);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

/// # Safety
/// The caller's handle, which no other thread changes.
unsafe fn change<'a>(v: *mut ipc_server) -> Result<(&'a mut Server, Running<'a>), Error> {
    // SAFETY: the caller's promise.
    let handle = unsafe { get(v)? };
    if handle.running.get() {
        return Err(Error::Busy { step: "server" });
    }
    // SAFETY: nobody is inside, as was just seen, and the guard says so as long as the borrow is used.
    match unsafe { &mut *handle.server.get() } {
        Some(server) => {
            handle.running.set(true);
            Ok((server, Running(&handle.running)))
        }
        None => {
            let failure = handle.failure.take();
            handle.failure.set(failure.clone());
            Err(failure.unwrap_or(Error::Closed { step: "server" }))
        }
    }
}

/// # Safety
/// As [`change`].
unsafe fn set(v: *mut ipc_server, change_it: impl FnOnce(&mut Server) -> Result<(), Error>) -> i32 {
    guard(|| {
        // SAFETY: the caller's promise.
        let (server, _running) = unsafe { change(v)? };
        change_it(server).map(|()| 0)
    })
}

/// Around a listener, which it takes over: that handle is freed. With up to 64 processes at a time, and 5 seconds to finish
/// in. NULL or a bad listener is the error of the first call after it.
///
/// Returns: the server, never NULL.
/// Errors: none; the first failure is kept, and setters and run return it.
/// Threads: any.
/// Blocks: no.
/// Perl: none; the manual's loop around accept.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_server_new(l: *mut ipc_listener) -> *mut ipc_server {
    // SAFETY: the caller's handle, given away.
    let made = unsafe { get(l) }.map(|_| unsafe { Box::from_raw(l) }.listener).and_then(Server::new);
    let (server, failure) = match made {
        Ok(server) => (Some(server), None),
        Err(error) => (None, Some(error)),
    };
    Box::into_raw(Box::new(ipc_server {
        tag: ipc_server::TAG,
        stopper: server.as_ref().map(Server::stopper),
        server: UnsafeCell::new(server),
        running: Cell::new(false),
        failure: Cell::new(failure),
        report: Cell::new(Report::default()),
    }))
}

/// Serves each client by a function, in a forked process that has the client as 0 and 1 and as `client_fd`; the result is
/// the exit code (255 for what is none, below 0 or beyond 255). `client_fd` is the function's own, to close or for
/// ipc_stream_adopt; what it leaves open is closed behind it. C's stdio is flushed before it ends. The process must have one
/// thread.
///
/// Returns: 0.
/// Errors: PERLIPC_E_BUSY while it runs; the failure of ipc_server_new.
/// Threads: any; not while it runs.
/// Blocks: no.
/// Callbacks: `handler`, in the forked child.
/// Perl: the manual's spawn.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_server_handler(v: *mut ipc_server, handler: ipc_serve_fn, userdata: *mut c_void) -> i32 {
    let userdata = UserData(userdata);
    // SAFETY: the caller's handle.
    unsafe {
        set(v, |server| {
            let Some(handler) = handler else { return Err(Error::invalid("server", "a null function")) };
            server.fd_handler(move |client, _| {
                let fd = client.into_raw_fd();
                let which = || crate::sys::fstat(fd).map(|stat| (stat.st_dev, stat.st_ino));
                let the_client = which();
                // The caller's function with the caller's data.
                let code = handler(fd, userdata.get());
                // The function may have closed it, and the number be that of something else by now.
                if the_client.is_ok() && which() == the_client {
                    // By the bare call: the C library's is one more page to be mapped in a fresh process.
                    crate::sys::close(fd);
                }
                code
            });
            Ok(())
        })
    }
}

/// Serves each client by a command that has the client as its standard input and output. The command is copied.
///
/// Returns: 0.
/// Errors: PERLIPC_E_BUSY while it runs; the failure of ipc_server_new. The command's first failure.
/// Threads: any; not while it runs.
/// Blocks: no.
/// Perl: the manual's spawn with exec.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_server_exec(v: *mut ipc_server, cmd: *const ipc_cmd) -> i32 {
    // SAFETY: the caller's handles.
    unsafe {
        set(v, |server| {
            let cmd = &get(cmd)?.cmd;
            cmd.check()?;
            server.exec(cmd);
            Ok(())
        })
    }
}

/// How many processes serve at a time, at least 1; more clients wait in the kernel's queue.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for less; PERLIPC_E_BUSY while it runs; the failure of ipc_server_new.
/// Threads: any; not while it runs.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_server_limit(v: *mut ipc_server, children: i32) -> i32 {
    // SAFETY: the caller's handle.
    unsafe {
        set(v, |server| {
            let count = usize::try_from(children);
            let count = count.ok().filter(|count| *count > 0);
            server.limit(count.ok_or_else(|| Error::invalid("server", "the limit is at least one process"))?);
            Ok(())
        })
    }
}

/// Serves by that many processes, forked at once, each one client after the other; one that ends is replaced. 0: a process
/// for each client. For functions alone.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for less than 0; PERLIPC_E_BUSY while it runs; the failure of ipc_server_new.
/// Threads: any; not while it runs.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_server_prefork(v: *mut ipc_server, children: i32) -> i32 {
    // SAFETY: the caller's handle.
    unsafe {
        set(v, |server| {
            let count = usize::try_from(children);
            let count = count.map_err(|_| Error::invalid("server", "a number of processes is not negative"))?;
            server.prefork(count);
            Ok(())
        })
    }
}

/// Serves in this process, one client after the other, with 0 and 1 left alone. For functions alone. The function that runs when
/// the server is stopped comes to its end, however long it takes.
///
/// Returns: 0.
/// Errors: PERLIPC_E_BUSY while it runs; the failure of ipc_server_new.
/// Threads: any; not while it runs.
/// Blocks: no.
/// Perl: the manual's first server.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_server_iterative(v: *mut ipc_server, on: i32) -> i32 {
    // SAFETY: the caller's handle.
    unsafe {
        set(v, |server| {
            server.iterative(on != 0);
            Ok(())
        })
    }
}

/// The signal that stops it ("TERM"; NULL: none), and how long what was accepted may take then before its processes are
/// killed, with all that they have started; -1: for ever.
///
/// Returns: 0.
/// Errors: PERLIPC_E_BUSY while it runs; the failure of ipc_server_new.
/// Threads: any; not while it runs.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_server_drain(v: *mut ipc_server, signal: *const c_char, timeout_ms: i32) -> i32 {
    // SAFETY: the caller's handle and string.
    unsafe {
        set(v, |server| {
            let signal = maybe_text(signal, "server")?;
            if let Some(signal) = signal {
                crate::signal::number(signal)?;
            }
            server.drain(signal, limit(timeout_ms).unwrap_or(Duration::MAX));
            Ok(())
        })
    }
}

/// How long one connection may take (-1: as long as it likes): then its process is killed. With prefork and iterative the
/// descriptor is the function's own affair.
///
/// Returns: 0.
/// Errors: PERLIPC_E_BUSY while it runs; the failure of ipc_server_new.
/// Threads: any; not while it runs.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_server_each(v: *mut ipc_server, timeout_ms: i32) -> i32 {
    // SAFETY: the caller's handle.
    unsafe {
        set(v, |server| {
            server.each(limit(timeout_ms));
            Ok(())
        })
    }
}

/// Gives up the process's privileges when it begins, for good: the socket is bound by then. `group` NULL: the user's own.
///
/// Returns: 0.
/// Errors: PERLIPC_E_BUSY while it runs; the failure of ipc_server_new.
/// Threads: any; not while it runs.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_server_user(v: *mut ipc_server, user: *const c_char, group: *const c_char) -> i32 {
    // SAFETY: the caller's handle and strings.
    unsafe {
        set(v, |server| {
            server.user(text(user, "user")?, maybe_text(group, "group")?);
            Ok(())
        })
    }
}

/// Is told what happens: see ipc_server_log_fn.
///
/// Returns: 0.
/// Errors: PERLIPC_E_BUSY while it runs; the failure of ipc_server_new.
/// Threads: any; not while it runs.
/// Blocks: no.
/// Callbacks: `log`, on the thread that runs the server.
/// Perl: the manual's logmsg and REAPER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_server_log(v: *mut ipc_server, log: ipc_server_log_fn, userdata: *mut c_void) -> i32 {
    let userdata = UserData(userdata);
    // SAFETY: the caller's handle.
    unsafe {
        set(v, |server| {
            let Some(log) = log else { return Err(Error::invalid("server", "a null function")) };
            server.log(move |event| {
                let (name, pid, status, about) = match event {
                    Event::Ready => (c"ready", 0, -1, String::new()),
                    Event::Started { pid, peer } => {
                        (c"start", *pid, -1, peer.map(ToString::to_string).unwrap_or_default())
                    }
                    Event::Ended { pid, status } => (c"end", *pid, status.raw(), String::new()),
                    Event::Failed { error } => (c"error", 0, -1, error.to_string()),
                    Event::Stopping => (c"stop", 0, -1, String::new()),
                };
                let about = CString::new(about).unwrap_or_default();
                // The caller's function with the caller's data; the strings live during the call.
                log(name.as_ptr(), pid, status, about.as_ptr(), userdata.get());
            });
            Ok(())
        })
    }
}

fn limit(timeout_ms: i32) -> Option<Duration> {
    u64::try_from(timeout_ms).ok().map(Duration::from_millis)
}

/// Serves until it is stopped: by ipc_server_stop, or the signal of ipc_server_drain. It stops accepting, and what was
/// accepted is finished. ipc_server_count tells what was done. It can run again then.
///
/// Returns: 1 when all was finished in time, 0 when some had to be killed.
/// Errors: PERLIPC_E_INVALID for settings that do not go together; PERLIPC_E_THREADS for a function where there are several
/// threads; the listener's; PERLIPC_E_HANDLER when a signal's handler gave it up. What serves is killed then.
/// Threads: any; handlers of signals run on the signal thread.
/// Blocks: until it is stopped.
/// Perl: none; the manual's loop around accept.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_server_run(v: *mut ipc_server) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle.
        let (server, _running) = unsafe { change(v)? };
        let result = server.run();
        // SAFETY: as above.
        unsafe { get(v)? }.report.set(server.report());
        Ok(i32::from(result?.drained))
    })
}

/// Of the last run, also of one that has failed, how many: "accepted" connections; of these "ok" (code 0) and "failed";
/// processes "killed" by a signal, of these "cut" by the server itself; "unknown" ends.
///
/// Returns: the number.
/// Errors: PERLIPC_E_INVALID for another word.
/// Threads: any; not while it runs.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_server_count(v: *const ipc_server, what: *const c_char) -> i64 {
    guard(|| {
        // SAFETY: the caller's handle and string.
        let (report, what) = unsafe { (get(v)?.report.get(), text(what, "server")?) };
        let count = match what {
            "accepted" => report.accepted,
            "ok" => report.ok,
            "failed" => report.failed,
            "killed" => report.killed,
            "cut" => report.cut,
            "unknown" => report.unknown,
            _ => return Err(Error::invalid("server", format!("no such count: {what:?}"))),
        };
        Ok(i64::try_from(count).unwrap_or(i64::MAX))
    })
}

/// Stops it: no more is accepted, and what was is finished. The run that is on is meant, or where there is none, the next.
///
/// Returns: 0.
/// Errors: the failure of ipc_server_new.
/// Threads: any, at any moment; also in a process that serves a client.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_server_stop(v: *mut ipc_server) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle; the stopper never changes.
        match &unsafe { get(v)? }.stopper {
            Some(stopper) => stopper.stop(),
            None => return Err(Error::Closed { step: "server" }),
        }
        Ok(0)
    })
}

/// Frees it and its listener; NULL is nothing.
///
/// Returns: nothing.
/// Errors: none.
/// Threads: any; nobody may use it any more.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_server_free(v: *mut ipc_server) {
    // SAFETY: the caller's handle.
    unsafe { free(v) }
}
