//! Perl's `sigtrap`: deadly signals end the process in good order, with a stack trace or a last act of the user's.
//!
//! This handler runs inside the signal, on an alternate stack, since a fault cannot be put off. So it makes bare system
//! calls on memory that was prepared, and nothing else; then the signal has its default way.

use std::cell::OnceCell;
use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicUsize, Ordering};

use super::mask::Set;
use super::names::{self, LAST, NAMES, bit};
use super::table::{catchable, change_raw, plain_action, table};
use crate::error::{Error, Result};
use crate::sys;

/// The user's last act, with the signal's number. It runs inside the signal: only what a signal handler may do.
pub type Fault = unsafe extern "C" fn(signal: i32, userdata: *mut libc::c_void);

/// The signals of a core dump and of a program that is ended, in Perl's words.
const ERROR: &[i32] = &[
    libc::SIGABRT,
    libc::SIGBUS,
    libc::SIGFPE,
    libc::SIGILL,
    libc::SIGQUIT,
    libc::SIGSEGV,
    libc::SIGSYS,
    libc::SIGTRAP,
];
const NORMAL: &[i32] = &[libc::SIGHUP, libc::SIGINT, libc::SIGPIPE, libc::SIGTERM];
const OLD: &[i32] = &[libc::SIGPIPE, libc::SIGTERM];

/// Memory for the handler: the bytes of the stack, a file's bytes, a line.
const ROOM: usize = 16 * 1024;
static ROOMS: AtomicPtr<u8> = AtomicPtr::new(std::ptr::null_mut());

thread_local! {
    /// The alternate stack of a thread that had none of its own.
    static STACK: OnceCell<sys::signals::AlternateStack> = const { OnceCell::new() };
}

/// The thread that falls; 0: none does. One trace is enough, also when several threads fall.
static FALLING: AtomicI32 = AtomicI32::new(0);
static LAST_ACT: [AtomicUsize; LAST as usize + 1] = [const { AtomicUsize::new(0) }; LAST as usize + 1];
static LAST_DATA: [AtomicPtr<libc::c_void>; LAST as usize + 1] =
    [const { AtomicPtr::new(std::ptr::null_mut()) }; LAST as usize + 1];

/// Traps signals, named one by one or by Perl's words "normal-signals" (HUP INT PIPE TERM), "error-signals" (ABRT BUS FPE
/// ILL QUIT SEGV SYS TRAP), "old-interface-signals" (the latter with PIPE and TERM: also when nothing is named);
/// "untrapped" leaves out what is not at its default, "any" takes back that word.
///
/// When one comes, a line "Caught a SIGX" and the return addresses on the stack are written to standard error, as
/// "file+offset" for addr2line; then the signal takes its default course: the process ends by it, so that whoever waits
/// sees the truth.
pub fn trap(signals: &str) -> Result<()> {
    install(signals, None)
}

/// [`trap`] with a last act after the trace: it is called with the signal's number and `userdata`.
///
/// # Safety
/// `last` does only what a signal handler may do, and `userdata` is what it expects.
pub unsafe fn trap_handle(signals: &str, last: Fault, userdata: *mut libc::c_void) -> Result<()> {
    install(signals, Some((last, userdata)))
}

fn install(signals: &str, last: Option<(Fault, *mut libc::c_void)>) -> Result<()> {
    let set = chosen(signals)?;
    prepare()?;
    let mut new = plain_action(on_fall as *const () as usize);
    new.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
    for n in (1..=LAST).filter(|n| set & bit(*n) != 0) {
        catchable(n)?;
        if let (Some(act), Some(data)) = (LAST_ACT.get(n as usize), LAST_DATA.get(n as usize)) {
            data.store(last.map_or(std::ptr::null_mut(), |(_, data)| data), Ordering::SeqCst);
            act.store(last.map_or(0, |(act, _)| act as usize), Ordering::SeqCst);
        }
        change_raw(n, new)?;
    }
    Ok(())
}

/// The signals that the words of [`trap`] mean now: "untrapped" looks at what is done with them.
pub fn trappable(signals: &str) -> Result<Set> {
    chosen(signals).map(Set::from_bits)
}

fn chosen(signals: &str) -> Result<u64> {
    let mut set = 0;
    let mut untrapped = false;
    let mut add = |n: i32, untrapped: bool| -> Result<()> {
        if !untrapped || table().action(n)?.sa_sigaction == libc::SIG_DFL {
            set |= bit(n);
        }
        Ok(())
    };
    let mut named = false;
    let words = signals.split([',', ' ']).filter(|word| !word.is_empty());
    for word in words {
        let group: &[&[i32]] = match word {
            "stack-trace" => continue,
            "untrapped" => {
                untrapped = true;
                continue;
            }
            "any" => {
                untrapped = false;
                continue;
            }
            "normal-signals" => &[NORMAL],
            "error-signals" => &[ERROR],
            "old-interface-signals" => &[ERROR, OLD],
            _ => &[],
        };
        named = true;
        for n in group.iter().copied().flatten() {
            add(*n, untrapped)?;
        }
        if group.is_empty() {
            match names::number(word)? {
                0 => return Err(Error::invalid("trap", "ZERO is not a signal that can come")),
                n => add(n, untrapped)?,
            }
        }
    }
    if !named {
        for n in [ERROR, OLD].iter().copied().flatten() {
            add(*n, untrapped)?;
        }
    }
    Ok(set)
}

/// The memory that the handler will need, and an alternate stack for this thread if it has none.
fn prepare() -> Result<()> {
    let failed = |errno| Error::at("trap", "stack", errno);
    if ROOMS.load(Ordering::Acquire).is_null() {
        let rooms = sys::memory::Pages::new(2 * ROOM, 0).map_err(failed)?;
        let none = std::ptr::null_mut();
        if ROOMS.compare_exchange(none, rooms.as_ptr(), Ordering::AcqRel, Ordering::Acquire).is_ok() {
            std::mem::forget(rooms);
        }
    }
    if !sys::signals::has_alternate_stack() {
        let stack = sys::signals::AlternateStack::new(64 * 1024).map_err(failed)?;
        // A thread that is about to end has nothing left that would keep it.
        let _ = STACK.try_with(|kept| kept.set(stack));
    }
    Ok(())
}

// ---- inside the signal: no allocation, formatting, indexing, locks ----

extern "C" fn on_fall(signal: libc::c_int, info: *mut libc::siginfo_t, registers: *mut libc::c_void) {
    // SAFETY: installed only after the rooms were made; the kernel hands over a valid siginfo and context.
    unsafe {
        let _ = info;
        let first = is_first();
        if first {
            say(b"Caught a SIG");
            say(short_name(signal));
            say(b"\n");
            let (instruction, stack) = sys::signals::place(registers);
            trace(instruction, stack);
            let act = (*LAST_ACT.as_ptr().add(signal as usize)).load(Ordering::SeqCst);
            if act != 0 {
                let data = (*LAST_DATA.as_ptr().add(signal as usize)).load(Ordering::SeqCst);
                std::mem::transmute::<usize, Fault>(act)(signal, data);
            }
        }
        // The default, and the signal once more: pending until this handler returns. A fault comes again by itself.
        sys::child::set_default(signal as usize);
        sys::signals::raise_here(signal);
        if first && ends_nothing(signal) {
            FALLING.store(0, Ordering::SeqCst);
        }
    }
}

/// Whether this thread is the one to tell. Where another one is at it, its trace is to be whole: this one would end the
/// process in the middle. What lasts longer than ten seconds is none.
fn is_first() -> bool {
    let me = sys::gettid();
    let mut rounds = 0;
    loop {
        match FALLING.compare_exchange(0, me, Ordering::SeqCst, Ordering::SeqCst) {
            Ok(_) => return true,
            // It falls in its own last act; or it was in another process, or has left its last act and ended.
            Err(other) if other == me || rounds == 10_000 || !sys::signals::is_here(other) => return false,
            Err(_) => sys::signals::nap(1_000_000),
        }
        rounds += 1;
    }
}

/// Whether the default of a signal lets the process live.
fn ends_nothing(signal: i32) -> bool {
    matches!(
        signal,
        libc::SIGCHLD | libc::SIGCONT | libc::SIGURG | libc::SIGWINCH | libc::SIGTSTP | libc::SIGTTIN | libc::SIGTTOU
    )
}

fn say(text: &[u8]) {
    sys::write_quiet(2, text);
}

fn short_name(signal: i32) -> &'static [u8] {
    match NAMES.iter().find(|(_, n)| *n == signal) {
        Some((name, _)) => name.as_bytes(),
        None => b"?",
    }
}

/// The instruction, and those words on the stack that are return addresses: what stands behind a call.
unsafe fn trace(instruction: usize, stack: usize) {
    // SAFETY: the first room is the stack's copy; only this thread is here.
    unsafe {
        let words = ROOMS.load(Ordering::Acquire).cast::<usize>();
        locate(instruction);
        let got = sys::signals::peek(stack, words.cast(), ROOM) / size_of::<usize>();
        let mut shown = 0;
        let mut at = 0;
        while at < got && shown < 32 {
            let address = *words.add(at);
            if follows_call(address) && locate(address) {
                shown += 1;
            }
            at += 1;
        }
    }
}

/// Whether the instruction before the address is a call: e8 and four bytes, or ff /2 of two to seven bytes.
unsafe fn follows_call(address: usize) -> bool {
    if address < 4096 || address >> 47 != 0 {
        return false;
    }
    let mut code = [0u8; 8];
    // SAFETY: eight bytes of room.
    if unsafe { sys::signals::peek(address - 8, code.as_mut_ptr(), 8) } != 8 {
        return false;
    }
    let [_, a, b, c, _, d, e, f] = code;
    let indirect = |op: u8, mode: u8| op == 0xff && (mode >> 3) & 7 == 2;
    c == 0xe8 || indirect(e, f) || indirect(d, e) || indirect(b, c) || indirect(a, b)
}

/// Writes "\tfile+offset" if the address is in a file's code, from /proc/self/maps.
unsafe fn locate(address: usize) -> bool {
    // SAFETY: the second room is the file's; only this thread is here.
    unsafe {
        let room = ROOMS.load(Ordering::Acquire).add(ROOM);
        let fd = sys::signals::open_quiet(c"/proc/self/maps");
        if fd < 0 {
            return false;
        }
        let (mut kept, mut found) = (0, false);
        'file: loop {
            let got = sys::signals::read_quiet(fd, room.add(kept), ROOM - kept);
            if got == 0 {
                break;
            }
            let mut rest = std::slice::from_raw_parts(room, kept + got);
            while let Some((line, more)) = split(rest, b'\n') {
                rest = more;
                if show_if_in(line, address) {
                    found = true;
                    break 'file;
                }
            }
            kept = rest.len();
            std::ptr::copy(rest.as_ptr(), room, kept);
        }
        sys::close(fd);
        found
    }
}

fn split(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let n = text.iter().position(|b| *b == at)?;
    Some((text.get(..n)?, text.get(n + 1..)?))
}

fn hex(digits: &[u8]) -> usize {
    digits.iter().fold(0, |sum, b| {
        let digit = if *b > b'9' { b.wrapping_sub(b'a').wrapping_add(10) } else { b.wrapping_sub(b'0') };
        (sum << 4) | usize::from(digit)
    })
}

/// One line of maps: "start-end r-xp offset device inode   path".
fn show_if_in(line: &[u8], address: usize) -> bool {
    let found = || {
        let (start, rest) = split(line, b'-')?;
        let (end, rest) = split(rest, b' ')?;
        let (mode, rest) = split(rest, b' ')?;
        let (offset, rest) = split(rest, b' ')?;
        let start = hex(start);
        if address < start || address >= hex(end) || mode.get(2) != Some(&b'x') {
            return None;
        }
        let path = rest.get(rest.iter().position(|b| *b == b'/' || *b == b'[')?..)?;
        Some((path, address.wrapping_sub(start).wrapping_add(hex(offset))))
    };
    let Some((path, offset)) = found() else { return false };
    say(b"\t");
    say(path);
    say(b"+0x");
    let mut digits = [b'0'; 16];
    let mut left = offset;
    for digit in digits.iter_mut().rev() {
        let value = (left & 15) as u8;
        *digit = if value < 10 { b'0' + value } else { b'a' + value - 10 };
        left >>= 4;
    }
    let first = digits.iter().position(|d| *d != b'0').unwrap_or(15);
    say(digits.get(first..).unwrap_or_default());
    say(b"\n");
    true
}
