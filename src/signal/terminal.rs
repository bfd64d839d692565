//! A terminal in raw modes while a user talks through it: it is put back on every way out, signals included.
//!
//! For that time the signals that would end the process put the terminal back first, TSTP does so before it stops the
//! process, CONT makes it raw again, and WINCH hands its size on. Only what was at its default is taken; handlers of
//! others for CONT and WINCH are called as the kernel would have. These handlers make bare system calls on numbers that
//! were prepared, and nothing else.

use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, AtomicUsize, Ordering};

use super::names::LAST;
use super::table::{action, plain_action};
use crate::block::Stop;
use crate::error::{Error, Result};
use crate::sys;
use crate::sys::tty::{Modes, WORDS};

/// The terminal that is raw now, and whose: a forked process must leave it alone. -1: none.
static TERMINAL: AtomicI32 = AtomicI32::new(-1);
static OWNER: AtomicI32 = AtomicI32::new(0);
/// What its size is handed on to.
static FOLLOWER: AtomicI32 = AtomicI32::new(-1);
static COOKED: [AtomicU32; WORDS] = [const { AtomicU32::new(0) }; WORDS];
static RAW: [AtomicU32; WORDS] = [const { AtomicU32::new(0) }; WORDS];
/// Whether it is to be raw, and how many handlers are about to make it so.
static WANTED: AtomicBool = AtomicBool::new(false);
static INSIDE: AtomicUsize = AtomicUsize::new(0);
/// The handlers that were found for CONT and WINCH, and whether they take three arguments.
static BEHIND: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];
static BEHIND_INFO: [AtomicBool; 2] = [const { AtomicBool::new(false) }; 2];

static BUSY: AtomicBool = AtomicBool::new(false);
static AT_EXIT: AtomicBool = AtomicBool::new(false);

/// While it lives the terminal has the raw modes. One at a time in a process.
pub(crate) struct Raw {
    terminal: OwnedFd,
    _follower: OwnedFd,
    before: Vec<(i32, libc::sigaction)>,
    /// TSTP was at its default: this process can be stopped by it.
    pub(crate) stops: bool,
}

impl Raw {
    /// Makes the terminal raw. `follower` gets its size, now and whenever that changes.
    pub(crate) fn new(terminal: RawFd, follower: RawFd, raw: Modes) -> Result<Raw> {
        let failed = |errno| Error::at("interact", "terminal", errno);
        if BUSY.swap(true, Ordering::SeqCst) {
            return Err(Stop::Busy.error("interact"));
        }
        let opened = sys::dup(terminal).and_then(|terminal| Ok((terminal, sys::dup(follower)?)));
        let (terminal, follower) = opened.map_err(failed).inspect_err(|_| BUSY.store(false, Ordering::SeqCst))?;
        let fds = (terminal.as_raw_fd(), follower.as_raw_fd());
        let mut guard = Raw { terminal, _follower: follower, before: Vec::new(), stops: false };
        if !AT_EXIT.load(Ordering::SeqCst) {
            sys::signals::at_exit(put_back_at_exit).map_err(failed)?;
            AT_EXIT.store(true, Ordering::SeqCst);
        }
        let cooked = sys::tty::modes(fds.0).map_err(failed)?;
        for (modes, words) in [(&cooked, &COOKED), (&raw, &RAW)] {
            for (word, value) in words.iter().zip(modes.to_words()) {
                word.store(value, Ordering::SeqCst);
            }
        }
        OWNER.store(sys::getpid(), Ordering::SeqCst);
        FOLLOWER.store(fds.1, Ordering::SeqCst);
        TERMINAL.store(fds.0, Ordering::SeqCst);
        WANTED.store(true, Ordering::SeqCst);
        guard.take_signals()?;
        sys::tty::copy_size(fds.0, fds.1);
        sys::tty::set_modes(fds.0, &raw).map_err(failed)?;
        Ok(guard)
    }

    fn take_signals(&mut self) -> Result<()> {
        for signal in (1..=LAST).filter(|n| !matches!(*n, 32 | 33)) {
            let found = match signal {
                // What cannot be had, what does nothing by default, and what stops a process in the background.
                libc::SIGKILL | libc::SIGSTOP | libc::SIGCHLD | libc::SIGURG | libc::SIGTTIN | libc::SIGTTOU => {
                    continue;
                }
                _ => action(signal, None)?,
            };
            let default = found.sa_sigaction == libc::SIG_DFL;
            let mut new = match signal {
                libc::SIGCONT => {
                    note_behind(0, &found);
                    plain_action(on_cont as *const () as usize)
                }
                libc::SIGWINCH => {
                    note_behind(1, &found);
                    plain_action(on_winch as *const () as usize)
                }
                _ if !default => continue,
                libc::SIGTSTP => {
                    self.stops = true;
                    plain_action(on_stop as *const () as usize)
                }
                _ => {
                    let mut new = plain_action(on_end as *const () as usize);
                    // SAFETY: a valid set.
                    unsafe { libc::sigfillset(&mut new.sa_mask) };
                    new
                }
            };
            new.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART | libc::SA_ONSTACK;
            action(signal, Some(&new))?;
            self.before.push((signal, found));
        }
        Ok(())
    }

    /// Stops this process as the terminal's key would have, until somebody lets it go on.
    pub(crate) fn suspend(&self) {
        // The whole job, if this is the thread that gets the signal; else the signal could come only after this call.
        let group = sys::getpid() == sys::gettid() || sys::single_threaded();
        if !group || sys::kill(0, libc::SIGTSTP).is_err() {
            sys::signals::raise_here(libc::SIGTSTP);
        }
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        WANTED.store(false, Ordering::SeqCst);
        while INSIDE.load(Ordering::SeqCst) > 0 {
            std::thread::yield_now();
        }
        if OWNER.load(Ordering::SeqCst) == sys::getpid() && TERMINAL.load(Ordering::SeqCst) >= 0 {
            sys::tty::set_modes_quiet(self.terminal.as_raw_fd(), &words(&COOKED));
        }
        TERMINAL.store(-1, Ordering::SeqCst);
        FOLLOWER.store(-1, Ordering::SeqCst);
        for (signal, before) in &self.before {
            // Unless somebody has put another there meanwhile.
            if action(*signal, None).map_or(true, |now| is_ours(&now)) {
                // SAFETY: what was there before.
                unsafe { sys::put_back_sigaction(*signal, before) };
            }
        }
        BUSY.store(false, Ordering::SeqCst);
    }
}

fn is_ours(action: &libc::sigaction) -> bool {
    [on_end as *const (), on_stop as *const (), on_cont as *const (), on_winch as *const ()]
        .iter()
        .any(|ours| action.sa_sigaction == *ours as usize)
}

fn note_behind(which: usize, found: &libc::sigaction) {
    if let (Some(behind), Some(info)) = (BEHIND.get(which), BEHIND_INFO.get(which)) {
        info.store(found.sa_flags & libc::SA_SIGINFO != 0, Ordering::SeqCst);
        behind.store(found.sa_sigaction, Ordering::SeqCst);
    }
}

// ---- inside the signal: no allocation, formatting, indexing, locks ----

#[inline(always)]
fn words(from: &[AtomicU32; WORDS]) -> [u32; WORDS] {
    let mut to = [0; WORDS];
    for (word, value) in to.iter_mut().zip(from) {
        *word = value.load(Ordering::SeqCst);
    }
    to
}

/// Puts the terminal back, if it is raw and this process may.
#[inline(always)]
fn put_back() {
    let terminal = TERMINAL.load(Ordering::SeqCst);
    if terminal >= 0 && OWNER.load(Ordering::SeqCst) == sys::getpid() && sys::tty::is_ours_now(terminal) {
        sys::tty::set_modes_quiet(terminal, &words(&COOKED));
    }
}

/// In the background this stops the process, as it does every program that changes its terminal there.
#[inline(always)]
fn make_raw() {
    INSIDE.fetch_add(1, Ordering::SeqCst);
    let terminal = TERMINAL.load(Ordering::SeqCst);
    if WANTED.load(Ordering::SeqCst) && OWNER.load(Ordering::SeqCst) == sys::getpid() {
        sys::tty::copy_size(terminal, FOLLOWER.load(Ordering::SeqCst));
        sys::tty::set_modes_quiet(terminal, &words(&RAW));
    }
    INSIDE.fetch_sub(1, Ordering::SeqCst);
}

extern "C" fn put_back_at_exit() {
    put_back();
}

extern "C" fn on_end(signal: libc::c_int, _info: *mut libc::siginfo_t, _registers: *mut libc::c_void) {
    put_back();
    // The default, and the signal once more: pending until this handler returns. A fault comes again by itself.
    sys::child::set_default(signal as usize);
    sys::signals::raise_here(signal);
}

extern "C" fn on_stop(signal: libc::c_int, _info: *mut libc::siginfo_t, _registers: *mut libc::c_void) {
    put_back();
    sys::signals::stop_here(signal);
    // Where nobody could let it go on again, it has not stopped.
    make_raw();
}

extern "C" fn on_cont(signal: libc::c_int, info: *mut libc::siginfo_t, registers: *mut libc::c_void) {
    make_raw();
    // SAFETY: as the kernel called us.
    unsafe { call_behind(&BEHIND[0], &BEHIND_INFO[0], signal, info, registers) };
}

extern "C" fn on_winch(signal: libc::c_int, info: *mut libc::siginfo_t, registers: *mut libc::c_void) {
    let terminal = TERMINAL.load(Ordering::SeqCst);
    if terminal >= 0 {
        sys::tty::copy_size(terminal, FOLLOWER.load(Ordering::SeqCst));
    }
    // SAFETY: as the kernel called us.
    unsafe { call_behind(&BEHIND[1], &BEHIND_INFO[1], signal, info, registers) };
}

/// # Safety
/// The arguments of a running SA_SIGINFO handler; what is behind is a handler of the kind that was noted.
#[inline(always)]
unsafe fn call_behind(
    behind: &AtomicUsize,
    takes_info: &AtomicBool,
    signal: libc::c_int,
    info: *mut libc::siginfo_t,
    registers: *mut libc::c_void,
) {
    type Handler = extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void);
    let at = behind.load(Ordering::SeqCst);
    if at == libc::SIG_DFL || at == libc::SIG_IGN {
        return;
    }
    // SAFETY: the caller's promise.
    unsafe {
        if takes_info.load(Ordering::SeqCst) {
            std::mem::transmute::<usize, Handler>(at)(signal, info, registers);
        } else {
            std::mem::transmute::<usize, extern "C" fn(libc::c_int)>(at)(signal);
        }
    }
}
