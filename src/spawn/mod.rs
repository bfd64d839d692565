//! The one way to start a child.
//!
//! The parent prepares everything: strings, descriptors, ids, a stack. Then clone3 with CLONE_VM and CLONE_VFORK: the
//! [child] runs on the parent's memory while the parent's thread stands still, and reports a failing step by writing it
//! down. So the cost does not grow with the parent's memory, and no status has to be guessed.
//!
//! Where clone3 is refused, clone does the same, and the child puts the signal handlers back itself. Where CLONE_VM is
//! only a copy (valgrind, some emulators), the child's note does not reach the parent: the first start in a process
//! finds that out, having a close-on-exec pipe besides, and from then on the pipe is used.

#![allow(unsafe_code)]

mod child;
mod exec;

use std::borrow::Cow;
use std::cell::RefCell;
use std::ffi::{CStr, CString};
use std::os::fd::{AsRawFd, RawFd};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};

use self::child::{Move, NOTHING, Note, Plan, child_main};
pub(crate) use self::exec::exec;
use crate::block::{self, CALM};
use crate::child::{Child, Own, starting, sweep};
use crate::error::{Error, Result};
use crate::signal;
use crate::sys::{self, SigSet};
use crate::user::Ids;

/// All that a child is to be, prepared.
pub(crate) struct Spec<'a> {
    /// Where the program may be, in the order to try.
    pub(crate) candidates: Cow<'a, [CString]>,
    pub(crate) argv: &'a [CString],
    /// `None`: the environment as it is at the start.
    pub(crate) env: Option<Vec<CString>>,
    /// The child's descriptor and what it becomes: a descriptor of this process, or nothing.
    pub(crate) fds: Vec<(RawFd, Option<RawFd>)>,
    pub(crate) dir: Option<&'a CStr>,
    pub(crate) umask: Option<u32>,
    pub(crate) session: bool,
    /// The process group to join; 0 makes one.
    pub(crate) group: Option<i32>,
    /// After setsid, the terminal on this descriptor of the child's becomes the controlling one.
    pub(crate) terminal: Option<RawFd>,
    pub(crate) limits: &'a [Limit],
    pub(crate) ids: Option<Ids>,
    /// The signal that the child gets when its parent dies.
    pub(crate) death_signal: Option<i32>,
    /// Signals to put back to their default, beside those with handlers.
    pub(crate) defaults: SigSet,
    /// The child's signal mask; `None`: this thread's.
    pub(crate) mask: Option<SigSet>,
    pub(crate) end_on_drop: bool,
}

/// One resource limit of the child: soft and hard.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    pub(crate) resource: u32,
    pub(crate) value: [u64; 2],
}

/// Whether a child's note reaches this process through memory: 0 not known yet, 1 yes, 2 no.
static NOTES: AtomicU8 = AtomicU8::new(0);
const BY_MEMORY: u8 = 1;
const BY_PIPE: u8 = 2;

/// Held while a child changes its user on this process's memory, which would leave the process not dumpable.
static CHANGING_USER: Own<Mutex<()>> = Own::new();

const STACK: usize = 64 * 1024;

thread_local! {
    /// Kept from one start to the next: a fresh stack would cost two mappings and their page faults.
    static STACKS: RefCell<Option<sys::memory::Pages>> = const { RefCell::new(None) };
}

fn with_stack<T>(f: impl FnOnce(&mut [u8]) -> T) -> Result<T> {
    let kept = STACKS.try_with(|kept| kept.try_borrow_mut().ok()?.take()).ok().flatten();
    let mut stack = match kept {
        Some(stack) => stack,
        None => {
            let stack =
                sys::memory::Pages::new(STACK, libc::MAP_NORESERVE).map_err(|errno| Error::os("stack", errno))?;
            stack.guard().map_err(|errno| Error::os("stack", errno))?;
            stack
        }
    };
    let result = f(&mut stack.bytes_mut()[4096..]);
    let _ = STACKS.try_with(|kept| kept.try_borrow_mut().map(|mut kept| *kept = Some(stack)));
    Ok(result)
}

/// Puts this thread's mask back.
struct Mask(SigSet);

impl Mask {
    fn block_all() -> Mask {
        Mask(sys::set_mask(libc::SIG_SETMASK, sys::ALL_SIGNALS))
    }
}

impl Drop for Mask {
    fn drop(&mut self) {
        sys::set_mask(libc::SIG_SETMASK, self.0);
    }
}

/// Starts the child, or says which step failed.
pub(crate) fn start(spec: &Spec<'_>) -> Result<Child> {
    sweep();
    let mut pause = 1_000_000;
    loop {
        match start_once(spec) {
            // Somebody is just writing the program, or a sibling between fork and exec still has it open for that.
            Err(Error::Os { errno: libc::ETXTBSY, .. }) if pause <= 32_000_000 => {
                block::sleep(pause).map_err(|stop| stop.error("exec"))?;
                pause *= 2;
            }
            // No table of descriptors of its own to be had in this way: by the older one.
            Err(Error::Os { step: OWN_TABLE, errno, .. }) if sys::process::NO_OWN_TABLE.note(errno) => {}
            result => return result,
        }
    }
}

/// The step in which a child leaves the parent's table of descriptors.
const OWN_TABLE: &str = "close_range";

fn start_once(spec: &Spec<'_>) -> Result<Child> {
    let mut moves = moves(spec);
    let highest = moves.iter().map(|m| m.to).max().unwrap_or(0).max(2);
    let keep = kept(spec);
    // One list for both: the candidates, and behind them "sh", the arguments, and two ends, should there be none.
    let at = |text: &CString| text.as_ptr() as usize;
    let mut strings: Vec<usize> = Vec::with_capacity(spec.candidates.len() + spec.argv.len() + 4);
    strings.extend(spec.candidates.iter().map(at));
    strings.extend([0, c"sh".as_ptr() as usize]);
    strings.extend(spec.argv.iter().map(at));
    strings.extend([0, 0]);
    let env: Option<Vec<usize>> =
        spec.env.as_ref().map(|env| env.iter().map(|e| e.as_ptr() as usize).chain([0]).collect());
    let mut groups_room = vec![0u32; spec.ids.as_ref().map_or(0, |ids| ids.groups.len() + 1)];

    // The first start has a pipe besides, until it is known whether memory will do.
    let pipe = match NOTES.load(Ordering::Relaxed) {
        BY_MEMORY => None,
        _ => Some(sys::pipe().map_err(|errno| Error::os("pipe", errno))?),
    };
    let mut report = pipe.as_ref().map_or(-1, |(_, writer)| writer.as_raw_fd());
    // The child's descriptors must not be put where the report goes.
    let _lifted = if report >= 0 && moves.iter().any(|m| m.to == report) {
        let lifted = sys::dup_above(report, highest + 1).map_err(|errno| Error::os("pipe", errno))?;
        report = lifted.as_raw_fd();
        Some(lifted)
    } else {
        None
    };

    // Who reaps any child at all waits until this one is in the registry.
    let _starting = starting();
    let changes_user = spec.ids.is_some();
    // Let go when all is put back: who comes next looks at what there is to put back then.
    let _alone = changes_user.then(|| CHANGING_USER.get().lock().unwrap_or_else(PoisonError::into_inner));
    let _dumpable = changes_user.then(|| Dumpable(sys::process::dumpable()));
    let defaults = spec.defaults | signal::deaf_for_child();
    // A child is born without handlers (CLONE_CLEAR_SIGHAND): signals need to be kept from it only while it has yet to
    // put back what is ignored.
    let mut mask = (defaults != 0 || spec.mask.is_some()).then(Mask::block_all);
    let all = strings.as_mut_ptr();
    let mut plan = Plan {
        note: Note { step: NOTHING, errno: 0, which: 0 },
        seen: 0,
        report,
        // What redirects nothing needs nothing of the parent's table but 0, 1 and 2, however much else is open.
        shares_table: spec.fds.is_empty() && report < 0 && !sys::process::NO_OWN_TABLE.is_known(),
        clear_handlers: false,
        parent: if spec.death_signal.is_some() { sys::getpid() } else { 0 },
        session: spec.session,
        group: spec.group.unwrap_or(-1),
        terminal: spec.terminal.unwrap_or(-1),
        umask: spec.umask.map_or(-1, |mask| mask as i32),
        limits: spec.limits.as_ptr(),
        limit_count: spec.limits.len(),
        moves: moves.as_mut_ptr(),
        move_count: moves.len(),
        lift_above: highest + 1,
        keep: keep.as_ptr(),
        keep_count: keep.len(),
        dir: spec.dir.map_or(std::ptr::null(), CStr::as_ptr),
        ids: spec.ids.as_ref().map_or(std::ptr::null(), std::ptr::from_ref),
        groups_room: groups_room.as_mut_ptr(),
        groups_room_len: groups_room.len(),
        death_signal: spec.death_signal.unwrap_or(0),
        defaults,
        set_mask: mask.is_some(),
        mask: spec.mask.or(mask.as_ref().map(|mask| mask.0)).unwrap_or(0),
        candidates: all,
        shell_argv: all.wrapping_add(spec.candidates.len() + 1),
        envp: env.as_ref().map_or_else(sys::process::environ, |env| env.as_ptr() as usize),
    };

    let mut pidfd: RawFd = -1;
    let pid = with_stack(|stack| clone(stack, &mut pidfd, &mut plan, &mut mask))??;
    drop(mask);
    // SAFETY: the child wrote it, if at all, before this thread went on; volatile, since the compiler does not know.
    let seen = unsafe { std::ptr::read_volatile(&raw const plan.seen) };
    // SAFETY: as above.
    let mut note = unsafe { std::ptr::read_volatile(&raw const plan.note) };
    // CLONE_PIDFD gave it to us alone.
    let pidfd = (pidfd >= 0).then(|| sys::take_fd(pidfd));
    if seen == 1 {
        NOTES.store(BY_MEMORY, Ordering::Relaxed);
    } else if let Some((reader, writer)) = pipe {
        // A copy of our memory, unless the child was killed before its first step: then the pipe ends at once.
        drop(writer);
        drop(_lifted);
        let mut bytes = [0u8; size_of::<Note>()];
        // No handler may run here, with locks held: it could start a child too.
        let got = loop {
            match sys::read(&CALM, reader.as_raw_fd(), &mut bytes) {
                Err(libc::EINTR) => {}
                answer => break answer.unwrap_or(0),
            }
        };
        if got == bytes.len() {
            // SAFETY: a Note is three numbers.
            note = unsafe { std::mem::transmute::<[u8; size_of::<Note>()], Note>(bytes) };
            NOTES.store(BY_PIPE, Ordering::Relaxed);
        }
    }
    let leads = spec.session || spec.group == Some(0);
    let pidfd = match pidfd {
        Some(fd) if fd.as_raw_fd() > 2 => Some(fd),
        Some(fd) => sys::dup(fd.as_raw_fd()).ok(),
        None => None,
    };
    if note.step == NOTHING {
        return Ok(Child::register(pid, pidfd, leads, spec.end_on_drop));
    }
    // It ends at this moment: no zombie is left behind, and nobody is told of it.
    let who = pidfd.as_ref().map_or(sys::process::Who::Pid(pid), |fd| sys::process::Who::Pidfd(fd.as_raw_fd()));
    loop {
        match sys::process::waitid(&CALM, who, libc::WEXITED) {
            Err(libc::EINTR) => {}
            Ok(_) | Err(libc::ECHILD) => break,
            // Not to be had now: an orphan, which a later sweep takes.
            Err(_) => break drop(Child::register(pid, pidfd, leads, false)),
        }
    }
    Err(explain(spec, note))
}

fn clone(stack: &mut [u8], pidfd: &mut RawFd, plan: &mut Plan, mask: &mut Option<Mask>) -> Result<i32> {
    let shares = plan.shares_table;
    let at = std::ptr::from_mut(plan).cast();
    let failed = |errno| Error::os("fork", errno);
    if !sys::process::NO_CLONE3.is_known() {
        // SAFETY: the stack is this thread's spare one, the plan outlives the child's use of it (the thread stands
        // still until then, or the child has a copy), and child_main keeps the rules.
        match unsafe { sys::process::start(true, shares, stack, pidfd, child_main, at) } {
            Ok(pid) => return Ok(pid),
            Err(errno @ (libc::ENOSYS | libc::EPERM | libc::EINVAL | libc::E2BIG)) => {
                sys::process::NO_CLONE3.note(errno);
            }
            Err(errno) => return Err(failed(errno)),
        }
    }
    plan.clear_handlers = true;
    if mask.is_none() {
        // A handler of ours must not run in the child before it has taken them off.
        let before = Mask::block_all();
        (plan.set_mask, plan.mask) = (true, before.0);
        *mask = Some(before);
    }
    // SAFETY: as above.
    unsafe { sys::process::start(false, shares, stack, pidfd, child_main, std::ptr::from_mut(plan).cast()) }
        .map_err(failed)
}

/// The descriptors as the child's code takes them.
fn moves(spec: &Spec<'_>) -> Vec<Move> {
    let targets: Vec<RawFd> = spec.fds.iter().map(|(to, _)| *to).collect();
    spec.fds
        .iter()
        .map(|(to, from)| match from {
            None => Move { from: -1, to: *to, lift: false },
            Some(from) => Move { from: *from, to: *to, lift: from != to && targets.contains(from) },
        })
        .collect()
}

/// The descriptors from 3 on that the program gets, ascending.
fn kept(spec: &Spec<'_>) -> Vec<RawFd> {
    let mut keep: Vec<RawFd> =
        spec.fds.iter().filter(|(to, from)| *to > 2 && from.is_some()).map(|(to, _)| *to).collect();
    keep.sort_unstable();
    keep.dedup();
    keep
}

/// A change of user on shared memory takes the dumpable flag from the parent: it is put back.
struct Dumpable(i32);

impl Drop for Dumpable {
    fn drop(&mut self) {
        if sys::process::dumpable() != self.0 {
            sys::process::set_dumpable(self.0);
        }
    }
}

/// The child's note as an error that names step, thing and reason.
#[cold]
fn explain(spec: &Spec<'_>, note: Note) -> Error {
    let which = note.which as usize;
    let errno = note.errno;
    match note.step {
        child::SESSION => Error::os("setsid", errno),
        child::GROUP => Error::at("setpgid", spec.group.unwrap_or(0).to_string(), errno),
        child::TERMINAL => Error::os("terminal", errno),
        child::LIMIT => {
            Error::at("limit", spec.limits.get(which).map_or("", |l| crate::cmd::limit_name(l.resource)), errno)
        }
        child::REDIRECT => {
            let thing = spec.fds.get(which).map(|(to, from)| match from {
                Some(from) => format!("{to} from {from}"),
                None => to.to_string(),
            });
            Error::at("redirect", thing.unwrap_or_default(), errno)
        }
        child::CLOSE => Error::os("close", errno),
        child::TABLE => Error::os(OWN_TABLE, errno),
        child::CHDIR => Error::at("chdir", spec.dir.map(CStr::to_bytes).unwrap_or_default(), errno),
        child::GROUPS => Error::os("setgroups", errno),
        child::GID => Error::at("setgid", spec.ids.as_ref().and_then(|i| i.gid).unwrap_or(0).to_string(), errno),
        child::UID => Error::at("setuid", spec.ids.as_ref().and_then(|i| i.uid).unwrap_or(0).to_string(), errno),
        child::DEATH => Error::os("die_with_parent", errno),
        _ => explain_exec(spec, errno, which),
    }
}

/// The program as the caller named it; a script whose interpreter is missing says so.
fn explain_exec(spec: &Spec<'_>, errno: i32, which: usize) -> Error {
    let tried = spec.candidates.get(which).map(CString::as_c_str).unwrap_or(c"");
    let searched = spec.candidates.len() > 1;
    let mut name = tried.to_bytes().to_vec();
    if searched && errno == libc::ENOENT {
        name = name.rsplit(|b| *b == b'/').next().unwrap_or_default().to_vec();
    }
    if errno == libc::ENOENT {
        for candidate in spec.candidates.iter() {
            let mut room = [0u8; 256];
            let Ok(len) = sys::small_file(candidate, &mut room) else { continue };
            if let Some(line) = room.get(..len).and_then(|text| text.strip_prefix(b"#!")) {
                let line = line.split(|b| *b == b'\n').next().unwrap_or_default();
                let interpreter = line.trim_ascii().split(|b| matches!(b, b' ' | b'\t')).next().unwrap_or_default();
                name = [candidate.to_bytes(), b" (its interpreter ", interpreter, b")"].concat();
                break;
            }
        }
    }
    Error::at("exec", name, errno)
}
