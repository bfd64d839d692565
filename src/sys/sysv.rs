//! System V semaphores, shared memory and message queues, and flock. The rules are those of the parent.

use std::mem::MaybeUninit;
use std::os::fd::RawFd;

use super::{Result, Word, always, cut, raw, timespec};

/// One operation of `semop`: Perl's `pack("s3", index, change, flags)`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Op {
    /// Which semaphore of the set.
    pub index: u16,
    /// Positive: added. Negative: taken, once there is that much. 0: waits until the value is 0.
    pub change: i16,
    /// `IPC_NOWAIT`, `SEM_UNDO`.
    pub flags: i16,
}

/// What every kind of object has: its number, and the structure that describes it.
pub(crate) trait Kind {
    /// What IPC_STAT fills in.
    type Stat: Copy;
    /// The system call of its `ctl`.
    const CTL: i64;
    /// How many arguments stand between the id and the command.
    const INDEXED: bool;
}

pub(crate) struct Sem;
pub(crate) struct Shm;
pub(crate) struct Msg;

impl Kind for Sem {
    type Stat = libc::semid_ds;
    const CTL: i64 = libc::SYS_semctl;
    const INDEXED: bool = true;
}

impl Kind for Shm {
    type Stat = libc::shmid_ds;
    const CTL: i64 = libc::SYS_shmctl;
    const INDEXED: bool = false;
}

impl Kind for Msg {
    type Stat = libc::msqid_ds;
    const CTL: i64 = libc::SYS_msgctl;
    const INDEXED: bool = false;
}

/// # Safety
/// `argument` is what the kernel expects for the command: a number, or memory of the right size.
unsafe fn ctl<K: Kind>(id: i32, index: i32, command: i32, argument: usize) -> Result<i32> {
    let (id, index, command) = (id as usize, index as usize, command as usize);
    // SAFETY: the caller's promise.
    let answer = unsafe {
        if K::INDEXED { raw(K::CTL, [id, index, command, argument]) } else { raw(K::CTL, [id, command, argument, 0]) }
    };
    answer.map(|value| value as i32)
}

/// IPC_STAT.
pub(crate) fn stat<K: Kind>(id: i32) -> Result<K::Stat> {
    let mut stat = MaybeUninit::<K::Stat>::zeroed();
    // SAFETY: room for the whole structure, which is plain numbers; on x86-64 the kernel's and libc's are the same.
    unsafe {
        ctl::<K>(id, 0, libc::IPC_STAT, stat.as_mut_ptr() as usize)?;
        Ok(stat.assume_init())
    }
}

/// IPC_SET: owner, mode, and for a queue its size.
pub(crate) fn set<K: Kind>(id: i32, stat: &K::Stat) -> Result<()> {
    // SAFETY: a whole structure to read.
    unsafe { ctl::<K>(id, 0, libc::IPC_SET, std::ptr::from_ref(stat) as usize) }.map(drop)
}

/// IPC_RMID.
pub(crate) fn remove<K: Kind>(id: i32) -> Result<()> {
    // SAFETY: no argument.
    unsafe { ctl::<K>(id, 0, libc::IPC_RMID, 0) }.map(drop)
}

/// The structure as bytes, as Perl's `shmctl($id, IPC_STAT, $data)` has it.
pub(crate) fn stat_bytes<K: Kind>(stat: &K::Stat) -> &[u8] {
    // SAFETY: plain numbers, borrowed with `stat`; it was zeroed before the kernel filled it in, the gaps too.
    unsafe { std::slice::from_raw_parts(std::ptr::from_ref(stat).cast(), size_of::<K::Stat>()) }
}

/// The way back; `None` when the length is wrong.
pub(crate) fn stat_from<K: Kind>(bytes: &[u8]) -> Option<K::Stat> {
    // SAFETY: as many bytes as the structure has, which is plain numbers; they may lie anywhere.
    (bytes.len() == size_of::<K::Stat>()).then(|| unsafe { bytes.as_ptr().cast::<K::Stat>().read_unaligned() })
}

// ---- semaphores ----

pub(crate) fn semget(key: i32, count: i32, flags: i32) -> Result<i32> {
    // SAFETY: plain numbers.
    unsafe { raw(libc::SYS_semget, [key as usize, count as usize, flags as usize]) }.map(|id| id as i32)
}

/// semop(2), waiting.
#[inline]
pub(crate) fn semop(word: &Word, id: i32, ops: &[Op]) -> Result<()> {
    // SAFETY: the kernel reads `ops`, laid out as its own.
    unsafe { cut(word, libc::SYS_semop, [id as usize, ops.as_ptr() as usize, ops.len()]) }.map(drop)
}

/// semtimedop(2): EAGAIN when `left` nanoseconds were not enough.
pub(crate) fn semtimedop(word: &Word, id: i32, ops: &[Op], left: u64) -> Result<()> {
    let time = timespec(left);
    let a = [id as usize, ops.as_ptr() as usize, ops.len(), &raw const time as usize];
    // SAFETY: as above; the kernel reads the time.
    unsafe { cut(word, libc::SYS_semtimedop, a) }.map(drop)
}

/// GETVAL, GETPID, GETNCNT, GETZCNT.
pub(crate) fn sem_ask(id: i32, index: i32, command: i32) -> Result<i32> {
    // SAFETY: no argument.
    unsafe { ctl::<Sem>(id, index, command, 0) }
}

/// SETVAL.
pub(crate) fn sem_set(id: i32, index: i32, value: i32) -> Result<()> {
    // SAFETY: the argument is a number.
    unsafe { ctl::<Sem>(id, index, libc::SETVAL, value as usize) }.map(drop)
}

/// GETALL: as many values as the set has, which the caller asked for before.
pub(crate) fn sem_values(id: i32) -> Result<Vec<u16>> {
    let mut values = vec![0u16; stat::<Sem>(id)?.sem_nsems as usize];
    // SAFETY: a set never changes its size, and another one does not get its id: that has a sequence number in it.
    unsafe { ctl::<Sem>(id, 0, libc::GETALL, values.as_mut_ptr() as usize) }?;
    Ok(values)
}

/// SETALL: exactly as many values as the set has.
pub(crate) fn sem_set_values(id: i32, values: &[u16]) -> Result<()> {
    if stat::<Sem>(id)?.sem_nsems as usize != values.len() {
        return Err(libc::EINVAL);
    }
    // SAFETY: as many values as the kernel reads, by what it just said.
    unsafe { ctl::<Sem>(id, 0, libc::SETALL, values.as_ptr() as usize) }.map(drop)
}

// ---- shared memory ----

pub(crate) fn shmget(key: i32, size: usize, flags: i32) -> Result<i32> {
    // SAFETY: plain numbers.
    unsafe { raw(libc::SYS_shmget, [key as usize, size, flags as usize]) }.map(|id| id as i32)
}

/// shmat(2).
///
/// # Safety
/// `at` is null, or an address where this process wants the segment (with SHM_REMAP: in the place of what is there).
pub(crate) unsafe fn shmat(id: i32, at: *const u8, flags: i32) -> Result<*mut u8> {
    // SAFETY: the caller's promise.
    unsafe { raw(libc::SYS_shmat, [id as usize, at as usize, flags as usize]) }.map(|at| at as *mut u8)
}

/// shmdt(2).
///
/// # Safety
/// Nobody uses the memory any more.
pub(crate) unsafe fn shmdt(at: *mut u8) -> Result<()> {
    // SAFETY: the caller's promise. Not failed on purpose: it puts back.
    super::answer(unsafe { always(libc::SYS_shmdt, [at as usize]) }).map(drop)
}

/// A segment in this process's memory, until it is dropped.
///
/// Other processes write to it at any moment, so no reference is ever made to its bytes here: they are copied, and a
/// copy may hold half of somebody's write. To keep that away is a lock's business.
#[derive(Debug)]
pub(crate) struct Segment {
    at: *mut u8,
    len: usize,
    writable: bool,
}

// SAFETY: plain memory, which stays mapped as long as the value lives; only copied from and to.
unsafe impl Send for Segment {}
// SAFETY: as above.
unsafe impl Sync for Segment {}

impl Segment {
    /// `len` is what IPC_STAT says: a segment never changes its size.
    pub(crate) fn attach(id: i32, len: usize, read_only: bool) -> Result<Segment> {
        let flags = if read_only { libc::SHM_RDONLY } else { 0 };
        // SAFETY: the kernel chooses the address.
        let at = unsafe { shmat(id, std::ptr::null(), flags) }?;
        Ok(Segment { at, len, writable: !read_only })
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(crate) fn as_ptr(&self) -> *mut u8 {
        self.at
    }

    #[inline]
    pub(crate) fn is_writable(&self) -> bool {
        self.writable
    }

    /// Lets it stay attached for good.
    pub(crate) fn into_raw(self) -> *mut u8 {
        let at = self.at;
        std::mem::forget(self);
        at
    }

    #[inline]
    fn holds(&self, pos: usize, len: usize) -> bool {
        pos.checked_add(len).is_some_and(|end| end <= self.len)
    }

    /// Copies out of it; EFAULT outside its bounds.
    #[inline]
    pub(crate) fn read(&self, pos: usize, room: &mut [u8]) -> Result<()> {
        if !self.holds(pos, room.len()) {
            return Err(libc::EFAULT);
        }
        // SAFETY: within the mapping, which is not Rust's memory, so that `room` is elsewhere.
        unsafe { std::ptr::copy_nonoverlapping(self.at.add(pos), room.as_mut_ptr(), room.len()) };
        Ok(())
    }

    /// Copies `data` into it, cut or followed by NULs to make `size` bytes; EFAULT outside its bounds.
    #[inline]
    pub(crate) fn write(&self, pos: usize, data: &[u8], size: usize) -> Result<()> {
        if !self.holds(pos, size) {
            return Err(libc::EFAULT);
        }
        if !self.writable {
            return Err(libc::EACCES);
        }
        let len = data.len().min(size);
        // SAFETY: within the mapping, as above.
        unsafe {
            std::ptr::copy_nonoverlapping(data.as_ptr(), self.at.add(pos), len);
            if size > len {
                self.at.add(pos + len).write_bytes(0, size - len);
            }
        }
        Ok(())
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        // SAFETY: our own attachment, whose copies are over.
        let _ = unsafe { shmdt(self.at) };
    }
}

// ---- messages ----

/// Bodies up to this size need no allocation; with more the stack would have to be probed for each call.
const SMALL: usize = 3072;

/// Room for a type and a body as the kernel wants them, one behind the other; ENOMEM when there is none.
#[inline(always)]
fn staged<T>(len: usize, body: impl FnOnce(*mut i64, *mut u8) -> Result<T>) -> Result<T> {
    if len > SMALL {
        return staged_large(len, body);
    }
    let mut small = MaybeUninit::<[i64; 1 + SMALL / 8]>::uninit();
    let at: *mut i64 = small.as_mut_ptr().cast();
    // SAFETY: there is room for the type and `len` bytes behind it.
    body(at, unsafe { at.add(1) }.cast())
}

#[cold]
#[inline(never)]
fn staged_large<T>(len: usize, body: impl FnOnce(*mut i64, *mut u8) -> Result<T>) -> Result<T> {
    let mut large = Vec::<i64>::new();
    large.try_reserve_exact(1 + len.div_ceil(8)).map_err(|_| libc::ENOMEM)?;
    let at = large.as_mut_ptr();
    // SAFETY: as above.
    body(at, unsafe { at.add(1) }.cast())
}

pub(crate) fn msgget(key: i32, flags: i32) -> Result<i32> {
    // SAFETY: plain numbers.
    unsafe { raw(libc::SYS_msgget, [key as usize, flags as usize]) }.map(|id| id as i32)
}

/// msgsnd(2), waiting unless the flags say otherwise.
#[inline]
pub(crate) fn msgsnd(word: &Word, id: i32, kind: i64, data: &[u8], flags: i32) -> Result<()> {
    staged(data.len(), |at, text| {
        // SAFETY: room for both; the kernel reads the type and as many bytes as said.
        unsafe {
            at.write(kind);
            std::ptr::copy_nonoverlapping(data.as_ptr(), text, data.len());
            cut(word, libc::SYS_msgsnd, [id as usize, at as usize, data.len(), flags as usize]).map(drop)
        }
    })
}

/// msgrcv(2) of at most `cap` bytes, waiting unless the flags say otherwise: what `take` makes of the message's type and
/// its body.
#[inline]
pub(crate) fn msgrcv<T>(
    word: &Word,
    id: i32,
    kind: i64,
    cap: usize,
    flags: i32,
    take: impl FnOnce(i64, &[u8]) -> T,
) -> Result<T> {
    staged(cap, |at, text| {
        // SAFETY: the kernel writes the type and at most `cap` bytes, of which no more than it wrote are looked at.
        unsafe {
            let len = cut(word, libc::SYS_msgrcv, [id as usize, at as usize, cap, kind as usize, flags as usize])?;
            Ok(take(at.read(), std::slice::from_raw_parts(text, len)))
        }
    })
}

// ---- flock ----

/// flock(2), waiting unless LOCK_NB says otherwise.
pub(crate) fn flock(word: &Word, fd: RawFd, operation: i32) -> Result<()> {
    // SAFETY: plain numbers.
    unsafe { cut(word, libc::SYS_flock, [fd as usize, operation as usize]) }.map(drop)
}
