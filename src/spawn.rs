//! The one way to start a child.
//!
//! The parent prepares everything: strings, descriptors, ids, a stack. Then clone3 with CLONE_VM and CLONE_VFORK: the
//! child runs [`child_main`] on the parent's memory while the parent's thread stands still, and reports a failing step
//! by writing it down. So the cost does not grow with the parent's memory, and no status has to be guessed.
//!
//! Rules for everything that runs in the child, which a test holds against its object code: raw system calls on memory
//! prepared before; no allocation, formatting, indexing, unwinding, destructor, thread-local variable or libc function.
//!
//! Where clone3 is refused, clone does the same, and the child puts the signal handlers back itself. Where CLONE_VM is
//! only a copy (valgrind, some emulators), the child's note does not reach the parent: the first start in a process
//! finds that out, having a close-on-exec pipe besides, and from then on the pipe is used.

#![allow(unsafe_code)]

use std::borrow::Cow;
use std::cell::RefCell;
use std::ffi::{CStr, CString};
use std::os::fd::{AsRawFd, RawFd};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::block::{self, CALM};
use crate::child::{self, Child, Own};
use crate::error::{Error, Result};
use crate::signal;
use crate::sys::{self, Pointers, SigSet};
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

/// One descriptor of the child, as its code takes it.
struct Move {
    /// -1 closes.
    from: RawFd,
    to: RawFd,
    /// `from` is also the place of another one: it must be lifted out of the way first.
    lift: bool,
}

/// What the child reads, and where it writes what failed.
struct Plan {
    note: Note,
    /// Written first of all: whether the parent can see the child's memory.
    seen: u32,
    report: RawFd,
    /// The table of descriptors is the parent's own still.
    shares_table: bool,
    clear_handlers: bool,
    parent: i32,
    session: bool,
    group: i32,
    terminal: RawFd,
    umask: i32,
    limits: *const Limit,
    limit_count: usize,
    moves: *mut Move,
    move_count: usize,
    lift_above: RawFd,
    /// Descriptors from 3 on that stay, ascending.
    keep: *const RawFd,
    keep_count: usize,
    dir: *const libc::c_char,
    ids: *const Ids,
    groups_room: *mut u32,
    groups_room_len: usize,
    death_signal: i32,
    defaults: SigSet,
    /// Signals are blocked, and the mask must be set.
    set_mask: bool,
    mask: SigSet,
    candidates: *const usize,
    /// "sh" and then the arguments: a file without "#!" takes the place of the first, and sh is run.
    shell_argv: *mut usize,
    envp: usize,
}

/// The step that failed.
#[repr(C)]
#[derive(Clone, Copy)]
struct Note {
    step: u32,
    errno: i32,
    /// Which descriptor, limit or candidate.
    which: u32,
}

const NOTHING: u32 = 0;
const SESSION: u32 = 1;
const GROUP: u32 = 2;
const TERMINAL: u32 = 3;
const LIMIT: u32 = 4;
const REDIRECT: u32 = 5;
const CLOSE: u32 = 6;
const CHDIR: u32 = 7;
const GROUPS: u32 = 8;
const GID: u32 = 9;
const UID: u32 = 10;
const DEATH: u32 = 11;
const EXEC: u32 = 12;
const TABLE: u32 = 13;

// ---- the child ----

/// Writes down what failed and ends.
///
/// # Safety
/// `plan` is the plan of this child.
#[inline(always)]
unsafe fn fail(plan: *mut Plan, step: u32, errno: i32, which: usize) -> ! {
    // SAFETY: the caller's promise; with shared memory the parent stands still, else this is a copy.
    unsafe {
        (*plan).note = Note { step, errno, which: which as u32 };
        if (*plan).report >= 0 {
            let note = &raw const (*plan).note;
            sys::child::write((*plan).report as usize, std::slice::from_raw_parts(note.cast(), size_of::<Note>()));
        }
    }
    sys::child::exit(127)
}

/// The child between clone and exec.
///
/// # Safety
/// `plan` points to a [`Plan`] whose pointers are valid until exec.
unsafe extern "C" fn child_main(plan: *mut libc::c_void) -> ! {
    use sys::child as c;
    let plan = plan.cast::<Plan>();
    // SAFETY: the plan was prepared by `start`, its pointers and counts belong together, and nobody else uses it now.
    unsafe {
        std::ptr::write_volatile(&raw mut (*plan).seen, 1);

        if (*plan).shares_table {
            // A table of its own, made without what is not for it.
            if let Err(errno) = c::close_range(3, u32::MAX as usize, libc::CLOSE_RANGE_UNSHARE as usize) {
                fail(plan, TABLE, errno, 0);
            }
        }
        if (*plan).clear_handlers {
            let mut signal = 1;
            while signal <= 64 {
                let now = c::disposition(signal);
                if now != libc::SIG_DFL && now != libc::SIG_IGN {
                    c::set_default(signal);
                }
                signal += 1;
            }
        }
        let mut defaults = (*plan).defaults;
        while defaults != 0 {
            c::set_default(defaults.trailing_zeros() as usize + 1);
            defaults &= defaults - 1;
        }

        if (*plan).session {
            if let Err(errno) = c::setsid() {
                fail(plan, SESSION, errno, 0);
            }
        }
        if (*plan).group >= 0 {
            if let Err(errno) = c::setpgid(0, (*plan).group as usize) {
                fail(plan, GROUP, errno, 0);
            }
        }
        if (*plan).umask >= 0 {
            let _ = c::umask((*plan).umask as usize);
        }

        // Descriptors: first lift what would be overwritten, then put each in its place.
        let mut i = 0;
        while i < (*plan).move_count {
            let one = (*plan).moves.add(i);
            if (*one).lift {
                match c::fcntl((*one).from as usize, libc::F_DUPFD_CLOEXEC as usize, (*plan).lift_above as usize) {
                    Ok(fd) => (*one).from = fd as RawFd,
                    Err(errno) => fail(plan, REDIRECT, errno, i),
                }
            }
            i += 1;
        }
        i = 0;
        while i < (*plan).move_count {
            let one = (*plan).moves.add(i);
            let done = if (*one).from < 0 {
                c::close((*one).to as usize);
                Ok(0)
            } else if (*one).from == (*one).to {
                c::fcntl((*one).to as usize, libc::F_SETFD as usize, 0)
            } else {
                c::dup2((*one).from as usize, (*one).to as usize)
            };
            if let Err(errno) = done {
                fail(plan, REDIRECT, errno, i);
            }
            i += 1;
        }
        if !(*plan).shares_table {
            if let Err(errno) = close_others(plan) {
                fail(plan, CLOSE, errno, 0);
            }
        }

        // After the descriptors: what this process has open must not count against the child's limit of them.
        i = 0;
        while i < (*plan).limit_count {
            let limit = (*plan).limits.add(i);
            if let Err(errno) = c::setrlimit((*limit).resource, &(*limit).value) {
                fail(plan, LIMIT, errno, i);
            }
            i += 1;
        }
        if (*plan).terminal >= 0 {
            if let Err(errno) = c::ioctl((*plan).terminal as usize, libc::TIOCSCTTY as usize, 0) {
                fail(plan, TERMINAL, errno, 0);
            }
        }
        if !(*plan).ids.is_null() {
            if let Err((step, errno)) = become_user(plan) {
                fail(plan, step, errno, 0);
            }
        }
        if (*plan).death_signal > 0 {
            // After the change of user, which would clear it.
            if let Err(errno) = c::prctl(libc::PR_SET_PDEATHSIG as usize, (*plan).death_signal as usize) {
                fail(plan, DEATH, errno, 0);
            }
            if c::getppid() != (*plan).parent {
                c::exit(127);
            }
        }
        if !(*plan).dir.is_null() {
            // After the change of user too: what the user may not enter, the child must not be in.
            if let Err(errno) = c::chdir((*plan).dir) {
                fail(plan, CHDIR, errno, 0);
            }
        }
        if (*plan).set_mask {
            c::set_mask((*plan).mask);
        }
        execute(plan)
    }
}

/// Every descriptor from 3 on that was not asked for is closed by exec, whoever opened it.
///
/// # Safety
/// As [`child_main`].
#[inline(always)]
unsafe fn close_others(plan: *mut Plan) -> std::result::Result<(), i32> {
    use sys::child as c;
    // SAFETY: `keep` has `keep_count` entries.
    unsafe {
        let mut first = 3usize;
        let mut i = 0;
        loop {
            let last = if i < (*plan).keep_count { *(*plan).keep.add(i) as usize } else { u32::MAX as usize + 1 };
            if last > first {
                if c::close_range(first, last - 1, libc::CLOSE_RANGE_CLOEXEC as usize).is_err() {
                    return close_one_by_one(plan);
                }
            }
            if i >= (*plan).keep_count {
                return Ok(());
            }
            first = last + 1;
            i += 1;
        }
    }
}

/// Without close_range: what /proc/self/fd lists.
///
/// # Safety
/// As [`child_main`].
#[inline(always)]
unsafe fn close_one_by_one(plan: *mut Plan) -> std::result::Result<(), i32> {
    use sys::child as c;
    let mut room = std::mem::MaybeUninit::<[u8; 2048]>::uninit();
    // SAFETY: records are read within the length that the kernel gave; `keep` has `keep_count` entries.
    unsafe {
        let dir = c::open_dir(c"/proc/self/fd".as_ptr())?;
        loop {
            let bytes = room.as_mut_ptr().cast::<u8>();
            let len = c::getdents(dir, std::slice::from_raw_parts_mut(bytes, 2048))?;
            if len == 0 {
                c::close(dir);
                return Ok(());
            }
            let mut at = 0;
            while at < len {
                let record = bytes.add(at);
                at += record.add(16).cast::<u16>().read_unaligned() as usize;
                let mut name = record.add(19);
                let mut fd = 0usize;
                let mut digits = *name != 0;
                while *name != 0 {
                    let digit = (*name).wrapping_sub(b'0');
                    digits &= digit < 10;
                    fd = fd.wrapping_mul(10).wrapping_add(digit as usize);
                    name = name.add(1);
                }
                let mut kept = !digits || fd < 3;
                let mut i = 0;
                while i < (*plan).keep_count {
                    kept |= *(*plan).keep.add(i) as usize == fd;
                    i += 1;
                }
                if !kept {
                    let _ = c::fcntl(fd, libc::F_SETFD as usize, libc::FD_CLOEXEC as usize);
                }
            }
        }
    }
}

/// Groups, group, user, in this order, and each read back: a drop that did not happen is a failure.
///
/// # Safety
/// As [`child_main`], with `ids` not null.
#[inline(always)]
unsafe fn become_user(plan: *mut Plan) -> std::result::Result<(), (u32, i32)> {
    use sys::child as c;
    // SAFETY: `ids` and what it points to were prepared; the room is as long as said.
    unsafe {
        let ids = (*plan).ids;
        let mut now = [0u32; 3];
        if (*ids).set_groups {
            let groups = (*ids).groups.as_ptr();
            let count = (*ids).groups.len();
            c::setgroups(count, groups).map_err(|errno| (GROUPS, errno))?;
            let room = std::slice::from_raw_parts_mut((*plan).groups_room, (*plan).groups_room_len);
            if c::getgroups(room).map_err(|errno| (GROUPS, errno))? != count {
                return Err((GROUPS, libc::EPERM));
            }
        }
        if let Some(gid) = (*ids).gid {
            c::setresgid(gid as usize, gid as usize, gid as usize).map_err(|errno| (GID, errno))?;
            let _ = c::getres(libc::SYS_getresgid, &mut now);
            let [real, effective, saved] = now;
            if real != gid || effective != gid || saved != gid {
                return Err((GID, libc::EPERM));
            }
        }
        if let Some(uid) = (*ids).uid {
            c::setresuid(uid as usize, uid as usize, uid as usize).map_err(|errno| (UID, errno))?;
            let _ = c::getres(libc::SYS_getresuid, &mut now);
            let [real, effective, saved] = now;
            if real != uid || effective != uid || saved != uid {
                return Err((UID, libc::EPERM));
            }
        }
        Ok(())
    }
}

/// execvp's rule: the first candidate that can be executed; a file that is none of the kernel's formats is a script
/// for sh. When none can: EACCES if one was there but forbidden, else the last reason.
///
/// # Safety
/// As [`child_main`].
#[inline(always)]
unsafe fn execute(plan: *mut Plan) -> ! {
    // SAFETY: `candidates` ends with 0, `shell_argv` (two entries before that at least) and `envp` with a null pointer.
    unsafe {
        let mut forbidden = usize::MAX;
        let mut errno = libc::ENOENT;
        let argv = (*plan).shell_argv.add(1) as usize;
        let mut i = 0;
        while *(*plan).candidates.add(i) != 0 {
            let path = *(*plan).candidates.add(i) as *const libc::c_char;
            errno = sys::child::execve(path, argv, (*plan).envp);
            match errno {
                libc::ENOEXEC => {
                    *(*plan).shell_argv.add(1) = path as usize;
                    errno = sys::child::execve(c"/bin/sh".as_ptr(), (*plan).shell_argv as usize, (*plan).envp);
                    fail(plan, EXEC, errno, i);
                }
                libc::EACCES => {
                    if forbidden == usize::MAX {
                        forbidden = i;
                    }
                }
                libc::ENOENT | libc::ENOTDIR | libc::ESTALE | libc::ENODEV | libc::ETIMEDOUT => {}
                _ => fail(plan, EXEC, errno, i),
            }
            i += 1;
        }
        if forbidden != usize::MAX {
            fail(plan, EXEC, libc::EACCES, forbidden);
        }
        fail(plan, EXEC, errno, i.wrapping_sub(1))
    }
}

// ---- the parent ----

/// Whether a child's note reaches this process through memory: 0 not known yet, 1 yes, 2 no.
static NOTES: AtomicU8 = AtomicU8::new(0);
const BY_MEMORY: u8 = 1;
const BY_PIPE: u8 = 2;

/// Held while a child changes its user on this process's memory, which would leave the process not dumpable.
static CHANGING_USER: Own<Mutex<()>> = Own::new();

const STACK: usize = 64 * 1024;

thread_local! {
    /// Kept from one start to the next: a fresh stack would cost two mappings and their page faults.
    static STACKS: RefCell<Option<sys::Pages>> = const { RefCell::new(None) };
}

fn with_stack<T>(f: impl FnOnce(&mut [u8]) -> T) -> Result<T> {
    let kept = STACKS.try_with(|kept| kept.try_borrow_mut().ok()?.take()).ok().flatten();
    let mut stack = match kept {
        Some(stack) => stack,
        None => {
            let stack = sys::Pages::new(STACK, libc::MAP_NORESERVE).map_err(|errno| Error::os("stack", errno))?;
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
    child::sweep();
    let mut pause = 1_000_000;
    loop {
        match start_once(spec) {
            // Somebody is just writing the program, or a sibling between fork and exec still has it open for that.
            Err(Error::Os { errno: libc::ETXTBSY, .. }) if pause <= 32_000_000 => {
                block::sleep(pause).map_err(|stop| stop.error("exec"))?;
                pause *= 2;
            }
            // No table of descriptors of its own to be had in this way: by the older one.
            Err(Error::Os { step: OWN_TABLE, errno, .. }) if sys::NO_OWN_TABLE.note(errno) => {}
            result => return result,
        }
    }
}

/// The step in which a child leaves the parent's table of descriptors.
const OWN_TABLE: &str = "close_range";

fn start_once(spec: &Spec<'_>) -> Result<Child> {
    let mut moves = moves(spec);
    let highest = moves.iter().map(|m| m.to).max().unwrap_or(0).max(2);
    let mut keep: Vec<RawFd> =
        spec.fds.iter().filter(|(to, from)| *to > 2 && from.is_some()).map(|(to, _)| *to).collect();
    keep.sort_unstable();
    keep.dedup();
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
    let _starting = child::starting();
    let _user = spec
        .ids
        .as_ref()
        .map(|_| (CHANGING_USER.get().lock().unwrap_or_else(PoisonError::into_inner), Dumpable(sys::dumpable())));
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
        shares_table: spec.fds.is_empty() && report < 0 && !sys::NO_OWN_TABLE.is_known(),
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
        envp: env.as_ref().map_or_else(sys::environ, |env| env.as_ptr() as usize),
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
    let who = pidfd.as_ref().map_or(sys::Who::Pid(pid), |fd| sys::Who::Pidfd(fd.as_raw_fd()));
    loop {
        match sys::waitid(&CALM, who, libc::WEXITED) {
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
    if !sys::NO_CLONE3.is_known() {
        // SAFETY: the stack is this thread's spare one, the plan outlives the child's use of it (the thread stands
        // still until then, or the child has a copy), and child_main keeps the rules.
        match unsafe { sys::start(true, shares, stack, pidfd, child_main, at) } {
            Ok(pid) => return Ok(pid),
            Err(errno @ (libc::ENOSYS | libc::EPERM | libc::EINVAL | libc::E2BIG)) => {
                sys::NO_CLONE3.note(errno);
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
    unsafe { sys::start(false, shares, stack, pidfd, child_main, std::ptr::from_mut(plan).cast()) }.map_err(failed)
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

/// A change of user on shared memory takes the dumpable flag from the parent: it is put back.
struct Dumpable(i32);

impl Drop for Dumpable {
    fn drop(&mut self) {
        if sys::dumpable() != self.0 {
            sys::set_dumpable(self.0);
        }
    }
}

/// The child's note as an error that names step, thing and reason.
#[cold]
fn explain(spec: &Spec<'_>, note: Note) -> Error {
    let which = note.which as usize;
    let errno = note.errno;
    match note.step {
        SESSION => Error::os("setsid", errno),
        GROUP => Error::at("setpgid", spec.group.unwrap_or(0).to_string(), errno),
        TERMINAL => Error::os("terminal", errno),
        LIMIT => Error::at("limit", spec.limits.get(which).map_or("", |l| crate::cmd::limit_name(l.resource)), errno),
        REDIRECT => {
            let thing = spec.fds.get(which).map(|(to, from)| match from {
                Some(from) => format!("{to} from {from}"),
                None => to.to_string(),
            });
            Error::at("redirect", thing.unwrap_or_default(), errno)
        }
        CLOSE => Error::os("close", errno),
        TABLE => Error::os(OWN_TABLE, errno),
        CHDIR => Error::at("chdir", spec.dir.map(CStr::to_bytes).unwrap_or_default(), errno),
        GROUPS => Error::os("setgroups", errno),
        GID => Error::at("setgid", spec.ids.as_ref().and_then(|i| i.gid).unwrap_or(0).to_string(), errno),
        UID => Error::at("setuid", spec.ids.as_ref().and_then(|i| i.uid).unwrap_or(0).to_string(), errno),
        DEATH => Error::os("die_with_parent", errno),
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

/// Perl's `exec`: this process becomes the program. Comes back only to tell why not, with everything as it was but
/// what a step before the failing one has changed, which the error's step tells.
pub(crate) fn exec(spec: &Spec<'_>) -> Error {
    let argv = Pointers::new(spec.argv.to_vec());
    let env = Pointers::new(spec.env.clone().unwrap_or_else(sys::environment));
    let failed = |step, errno| Error::os(step, errno);
    if spec.session {
        if let Err(errno) = sys::setsid() {
            return failed("setsid", errno);
        }
    }
    if let Some(group) = spec.group {
        if let Err(errno) = sys::child::setpgid(0, group as usize) {
            return failed("setpgid", errno);
        }
    }
    // In a child's order: the descriptors before a limit that would forbid them, limits before the user that may not set
    // them.
    if let Err(error) = place_here(spec) {
        return error;
    }
    for limit in spec.limits {
        if let Err(errno) = sys::child::setrlimit(limit.resource, &limit.value) {
            return Error::at("limit", crate::cmd::limit_name(limit.resource), errno);
        }
    }
    if let Some(ids) = &spec.ids {
        if let Err(error) = ids.apply() {
            return error;
        }
    }
    if let Some(signal) = spec.death_signal {
        if let Err(errno) = sys::child::prctl(libc::PR_SET_PDEATHSIG as usize, signal as usize) {
            return failed("die_with_parent", errno);
        }
    }
    if let Some(dir) = spec.dir {
        if let Err(errno) = sys::chdir(dir) {
            return Error::at("chdir", dir.to_bytes(), errno);
        }
    }
    let mask_before = spec.mask.map(|mask| Mask(sys::set_mask(libc::SIG_SETMASK, mask)));
    let umask_before = spec.umask.map(sys::umask);
    let signals_before = signal::set_defaults(spec.defaults);
    let mut result = (libc::ENOENT, 0);
    let mut forbidden = None;
    for (which, path) in spec.candidates.iter().enumerate() {
        let mut errno = sys::execve(path, &argv, &env);
        if errno == libc::ENOEXEC {
            let script = [c"sh".to_owned(), path.clone()].into_iter().chain(spec.argv.iter().skip(1).cloned());
            errno = sys::execve(c"/bin/sh", &Pointers::new(script.collect()), &env);
            result = (errno, which);
            break;
        }
        result = (errno, which);
        match errno {
            libc::EACCES => forbidden = forbidden.or(Some(which)),
            libc::ENOENT | libc::ENOTDIR | libc::ESTALE | libc::ENODEV | libc::ETIMEDOUT => {}
            _ => {
                forbidden = None;
                break;
            }
        }
    }
    if let Some(which) = forbidden {
        result = (libc::EACCES, which);
    }
    if let Some(umask) = umask_before {
        sys::umask(umask);
    }
    signal::put_back(&signals_before);
    drop(mask_before);
    explain_exec(spec, result.0, result.1)
}

/// Puts the descriptors of this process where the program shall find them.
fn place_here(spec: &Spec<'_>) -> Result<()> {
    let failed = |to: RawFd, errno| Error::at("redirect", to.to_string(), errno);
    let highest = spec.fds.iter().map(|(to, _)| *to).max().unwrap_or(2).max(2);
    let mut lifted = Vec::new();
    for (to, from) in &spec.fds {
        let from = match from {
            Some(from) => Some(sys::dup_above(*from, highest + 1).map_err(|errno| failed(*to, errno))?),
            None => None,
        };
        lifted.push((*to, from));
    }
    for (to, from) in &lifted {
        match from {
            Some(from) => sys::dup_onto(from.as_raw_fd(), *to).map_err(|errno| failed(*to, errno))?,
            None => sys::close(*to),
        }
    }
    let keep = |fd: RawFd| fd < 3 || spec.fds.iter().any(|(to, from)| *to == fd && from.is_some());
    for fd in sys::numbers_in(c"/proc/self/fd").unwrap_or_default() {
        if !keep(fd) {
            let _ = sys::set_fd_flags(fd, libc::FD_CLOEXEC);
        }
    }
    Ok(())
}
