//! Starting, waiting, and what a process is: its user, session, directory, environment.

use std::ffi::{CStr, CString};
use std::os::fd::{OwnedFd, RawFd};

#[cfg(feature = "faults")]
use super::faults;
use super::{Missing, Result, SigInfo, Word, always, answer, child, cut, libc_answer, owned, raw, x86_64};

pub(crate) static NO_CLONE3: Missing = Missing::new();
/// A table of descriptors of the child's own by close_range (Linux 5.9).
pub(crate) static NO_OWN_TABLE: Missing = Missing::new();
pub(crate) static NO_PIDFD_OPEN: Missing = Missing::new();
pub(crate) static NO_PIDFD_INFO: Missing = Missing::new();

/// What runs in a child that [`start`] made.
pub(crate) type ChildMain = unsafe extern "C" fn(*mut libc::c_void) -> !;

/// clone3(2) or clone(2) with a stack for the child, which runs `main(plan)` there, at first on this process's table of
/// descriptors if it `shares_table`.
///
/// # Safety
/// The stack is the child's alone; `main` and what it reaches through `plan` obey the rules of [`crate::spawn`].
pub(crate) unsafe fn start(
    modern: bool,
    shares_table: bool,
    stack: &mut [u8],
    pidfd: &mut RawFd,
    main: ChildMain,
    plan: *mut libc::c_void,
) -> Result<i32> {
    let nr = if modern { libc::SYS_clone3 } else { libc::SYS_clone };
    #[cfg(feature = "faults")]
    if let Some(errno) = faults::hit(nr) {
        return Err(errno);
    }
    let flags =
        libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD | if shares_table { libc::CLONE_FILES } else { 0 };
    let top = stack.as_mut_ptr_range().end as usize;
    // SAFETY: the kernel reads the arguments before it returns to anyone; the child never returns through this frame.
    let result = unsafe {
        if modern {
            const CLONE_CLEAR_SIGHAND: u64 = 0x1_0000_0000;
            let mut a: libc::clone_args = std::mem::zeroed();
            a.flags = flags as u64 | CLONE_CLEAR_SIGHAND;
            a.pidfd = std::ptr::from_mut(pidfd) as u64;
            a.exit_signal = libc::SIGCHLD as u64;
            a.stack = stack.as_mut_ptr() as u64;
            a.stack_size = stack.len() as u64;
            x86_64::perlipc_start(nr as isize, &raw const a as usize, size_of_val(&a), 0, main, plan)
        } else {
            let flags = (flags | libc::SIGCHLD) as usize;
            x86_64::perlipc_start(nr as isize, flags, top, std::ptr::from_mut(pidfd) as usize, main, plan)
        }
    };
    answer(result).map(|pid| pid as i32)
}

/// fork(2) by libc, so that its own locks and the host's atfork handlers are served.
///
/// # Safety
/// In a process with several threads only async-signal-safe calls are allowed in the child.
pub(crate) unsafe fn fork() -> Result<i32> {
    #[cfg(feature = "faults")]
    if let Some(errno) = faults::hit(libc::SYS_fork) {
        return Err(errno);
    }
    // SAFETY: the caller's promise; errno is this thread's.
    match unsafe { libc::fork() } {
        -1 => Err(unsafe { *libc::__errno_location() }),
        pid => Ok(pid),
    }
}

/// Writes what C's stdio has buffered, in all its files.
pub(crate) fn flush_stdio() {
    // SAFETY: NULL is all of them.
    unsafe { libc::fflush(std::ptr::null_mut()) };
}

pub(crate) fn exit(code: i32) -> ! {
    loop {
        // SAFETY: ends the process; nothing comes after.
        unsafe { always(libc::SYS_exit_group, [code as usize]) };
    }
}

pub(crate) fn pidfd_open(pid: i32) -> Result<OwnedFd> {
    if NO_PIDFD_OPEN.is_known() {
        return Err(libc::ENOSYS);
    }
    // SAFETY: plain numbers.
    match owned(unsafe { raw(libc::SYS_pidfd_open, [pid as usize, 0]) }) {
        // Linux before 6.9, of who was reaped while there is a process in the group or session that it had led.
        Err(libc::EINVAL) => Err(libc::ESRCH),
        answer => answer,
    }
}

/// Lets go on what was stopped: of the calls that put things back, which never fail on purpose. False where pidfds carry
/// no signals.
pub(crate) fn pidfd_continue(pidfd: RawFd) -> bool {
    // SAFETY: plain numbers, no siginfo.
    let answer = unsafe { always(libc::SYS_pidfd_send_signal, [pidfd as usize, libc::SIGCONT as usize, 0, 0]) };
    answer != -(libc::ENOSYS as isize)
}

/// Who waitid looks at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Any,
    Pid(i32),
    Group(i32),
    Pidfd(RawFd),
}

/// waitid(2): the pid and the native wait status; pid 0 when WNOHANG found nothing.
pub(crate) fn waitid(word: &Word, who: Who, options: i32) -> Result<(i32, i32)> {
    let (kind, id) = match who {
        Who::Any => (0, 0),
        Who::Pid(pid) => (1, pid),
        Who::Group(group) => (2, group),
        Who::Pidfd(fd) => (3, fd),
    };
    let mut info = SigInfo::NONE;
    // SAFETY: the kernel writes the siginfo; no rusage.
    unsafe { cut(word, libc::SYS_waitid, [kind, id as usize, &raw mut info as usize, options as usize, 0]) }?;
    let status = match info.code {
        libc::CLD_EXITED => (info.status & 0xff) << 8,
        libc::CLD_DUMPED => info.status | 0x80,
        libc::CLD_STOPPED | libc::CLD_TRAPPED => (info.status << 8) | 0x7f,
        libc::CLD_CONTINUED => 0xffff,
        _ => info.status,
    };
    Ok((info.pid, status))
}

/// The exit status that the kernel keeps beside a pidfd (Linux 6.15), also after somebody else has reaped the child.
/// To be asked after POLLHUP: before, the answer may be missing. `None` when there is no exit status to be had.
pub(crate) fn pidfd_exit_status(pidfd: RawFd) -> Result<Option<i32>> {
    const EXIT: u64 = 1 << 3;
    const PIDFD_GET_INFO: usize = 0xc000_ff0b | (64 << 16);
    #[repr(C)]
    #[derive(Default)]
    struct Info {
        mask: u64,
        cgroup: u64,
        ids: [u32; 11],
        exit_code: i32,
    }
    if NO_PIDFD_INFO.is_known() {
        return Err(libc::ENOSYS);
    }
    let mut info = Info { mask: EXIT, ..Info::default() };
    const { assert!(size_of::<Info>() == 64) };
    // SAFETY: the number says 64 bytes, and 64 bytes are there to be written.
    unsafe { raw(libc::SYS_ioctl, [pidfd as usize, PIDFD_GET_INFO, &raw mut info as usize]) }?;
    Ok((info.mask & EXIT != 0).then_some(info.exit_code))
}

/// Whether the process may be dumped, read by a debugger, and so on: 0, 1 or 2.
pub(crate) fn dumpable() -> i32 {
    // SAFETY: plain numbers.
    unsafe { always(libc::SYS_prctl, [libc::PR_GET_DUMPABLE as usize]) as i32 }
}

pub(crate) fn set_dumpable(value: i32) {
    // SAFETY: plain numbers.
    unsafe { always(libc::SYS_prctl, [libc::PR_SET_DUMPABLE as usize, value as usize]) };
}

/// For the whole process: libc's forms tell every thread, the kernel's own would change this thread alone.
pub(crate) fn set_groups_all(groups: &[u32]) -> Result<()> {
    // SAFETY: as many ids as said.
    libc_answer(unsafe { libc::setgroups(groups.len(), groups.as_ptr()) })
}

pub(crate) fn set_gid_all(gid: u32) -> Result<()> {
    // SAFETY: plain numbers.
    libc_answer(unsafe { libc::setresgid(gid, gid, gid) })
}

pub(crate) fn set_uid_all(uid: u32) -> Result<()> {
    // SAFETY: plain numbers.
    libc_answer(unsafe { libc::setresuid(uid, uid, uid) })
}

/// Real, effective and saved: of the user, of the group.
pub(crate) fn ids() -> ([u32; 3], [u32; 3]) {
    let (mut user, mut group) = ([0; 3], [0; 3]);
    let _ = child::getres(libc::SYS_getresuid, &mut user);
    let _ = child::getres(libc::SYS_getresgid, &mut group);
    (user, group)
}

pub(crate) fn groups() -> Result<Vec<u32>> {
    let mut room = vec![0; 65536];
    let count = child::getgroups(&mut room)?;
    room.truncate(count);
    Ok(room)
}

pub(crate) fn setsid() -> Result<i32> {
    child::setsid().map(|id| id as i32)
}

pub(crate) fn chdir(path: &CStr) -> Result<()> {
    // SAFETY: a C string.
    unsafe { child::chdir(path.as_ptr()) }.map(drop)
}

pub(crate) fn umask(mask: u32) -> u32 {
    child::umask(mask as usize).unwrap_or(0o22) as u32
}

/// execve(2): comes back only to tell why not.
pub(crate) fn execve(path: &CStr, argv: &Pointers, envp: &Pointers) -> i32 {
    // SAFETY: C strings and NULL-ended arrays of them that live in the arguments.
    unsafe { child::execve(path.as_ptr(), argv.address(), envp.address()) }
}

/// Strings for execve: the array of pointers, NULL at the end, with the strings that they point at.
pub(crate) struct Pointers {
    _strings: Vec<CString>,
    pointers: Vec<usize>,
}

impl Pointers {
    pub(crate) fn new(strings: Vec<CString>) -> Pointers {
        let pointers = strings.iter().map(|s| s.as_ptr() as usize).chain([0]).collect();
        Pointers { _strings: strings, pointers }
    }

    pub(crate) fn address(&self) -> usize {
        self.pointers.as_ptr() as usize
    }
}

/// The process's own environment as execve takes it.
pub(crate) fn environ() -> usize {
    unsafe extern "C" {
        static environ: *const *const libc::c_char;
    }
    // SAFETY: libc's own variable; changed only by setenv and the like, whose rule is not to be called beside readers.
    unsafe { environ as usize }
}

/// A variable of the environment, copied.
pub(crate) fn getenv(name: &CStr) -> Option<Vec<u8>> {
    // SAFETY: a C string in, a C string or NULL out, copied at once; the rule of setenv is its caller's.
    unsafe {
        let value = libc::getenv(name.as_ptr());
        (!value.is_null()).then(|| CStr::from_ptr(value).to_bytes().to_vec())
    }
}

/// Copies of the process's environment, "NAME=value".
pub(crate) fn environment() -> Vec<CString> {
    let mut strings = Vec::new();
    let mut at = environ() as *const *const libc::c_char;
    // SAFETY: a NULL-ended array of C strings, or NULL after clearenv.
    unsafe {
        while !at.is_null() && !(*at).is_null() {
            strings.push(CStr::from_ptr(*at).to_owned());
            at = at.add(1);
        }
    }
    strings
}
