//! The child between clone and exec, on its parent's memory.
//!
//! Rules for everything here, which a test holds against its object code: raw system calls on memory prepared before; no
//! allocation, formatting, indexing, unwinding, destructor, thread-local variable or libc function.

use std::os::fd::RawFd;

use super::Limit;
use crate::sys::{self, SigSet};
use crate::user::Ids;

/// One descriptor of the child, as its code takes it.
pub(super) struct Move {
    /// -1 closes.
    pub(super) from: RawFd,
    pub(super) to: RawFd,
    /// `from` is also the place of another one: it must be lifted out of the way first.
    pub(super) lift: bool,
}

/// What the child reads, and where it writes what failed.
pub(super) struct Plan {
    pub(super) note: Note,
    /// Written first of all: whether the parent can see the child's memory.
    pub(super) seen: u32,
    pub(super) report: RawFd,
    /// The table of descriptors is the parent's own still.
    pub(super) shares_table: bool,
    pub(super) clear_handlers: bool,
    pub(super) parent: i32,
    pub(super) session: bool,
    pub(super) group: i32,
    pub(super) terminal: RawFd,
    pub(super) umask: i32,
    pub(super) limits: *const Limit,
    pub(super) limit_count: usize,
    pub(super) moves: *mut Move,
    pub(super) move_count: usize,
    pub(super) lift_above: RawFd,
    /// Descriptors from 3 on that stay, ascending.
    pub(super) keep: *const RawFd,
    pub(super) keep_count: usize,
    pub(super) dir: *const libc::c_char,
    pub(super) ids: *const Ids,
    pub(super) groups_room: *mut u32,
    pub(super) groups_room_len: usize,
    pub(super) death_signal: i32,
    pub(super) defaults: SigSet,
    /// Signals are blocked, and the mask must be set.
    pub(super) set_mask: bool,
    pub(super) mask: SigSet,
    pub(super) candidates: *const usize,
    /// "sh" and then the arguments: a file without "#!" takes the place of the first, and sh is run.
    pub(super) shell_argv: *mut usize,
    pub(super) envp: usize,
}

/// The step that failed.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct Note {
    pub(super) step: u32,
    pub(super) errno: i32,
    /// Which descriptor, limit or candidate.
    pub(super) which: u32,
}

pub(super) const NOTHING: u32 = 0;
pub(super) const SESSION: u32 = 1;
pub(super) const GROUP: u32 = 2;
pub(super) const TERMINAL: u32 = 3;
pub(super) const LIMIT: u32 = 4;
pub(super) const REDIRECT: u32 = 5;
pub(super) const CLOSE: u32 = 6;
pub(super) const CHDIR: u32 = 7;
pub(super) const GROUPS: u32 = 8;
pub(super) const GID: u32 = 9;
pub(super) const UID: u32 = 10;
pub(super) const DEATH: u32 = 11;
pub(super) const EXEC: u32 = 12;
pub(super) const TABLE: u32 = 13;

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
pub(super) unsafe extern "C" fn child_main(plan: *mut libc::c_void) -> ! {
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
