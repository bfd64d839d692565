//! System V shared memory: Perl's `shmget`, `shmread`, `shmwrite`, `shmctl`, and segments attached as memory.
//!
//! Perl attaches and detaches for every read and write. Here what was used by its id stays attached, and so costs a
//! look-up; with each tick of the kernel's clock the first use asks whether the segment is still there.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::child::{Own, taken_over};
use crate::error::{Error, Result};
use crate::sys;
use crate::sys::sysv::{self as raw, Segment};
use crate::sysv::{self, Change, Owner};

/// What IPC_STAT knows of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// Whose it is.
    pub owner: Owner,
    /// Bytes.
    pub size: usize,
    /// How many attachments it has.
    pub attached: u64,
    /// Who made it.
    pub creator: i32,
    /// Who attached or detached last.
    pub last: i32,
    /// When it was attached last, in seconds of the epoch; 0 never.
    pub attach_time: i64,
    /// When it was detached last.
    pub detach_time: i64,
    /// When it was made or changed last.
    pub changed: i64,
    /// It was removed, and goes with its last attachment.
    pub removed: bool,
}

fn failed(step: &'static str, id: i32, errno: i32) -> Error {
    sysv::failed::<raw::Shm>(step, id, errno)
}

/// The same of a copy, which may have been meant for bytes that the segment does not have.
#[cold]
fn uncopied(step: &'static str, id: i32, (pos, size): (usize, usize), len: Option<usize>, errno: i32) -> Error {
    let len = len.or_else(|| raw::stat::<raw::Shm>(id).ok().map(|stat| stat.shm_segsz));
    match len {
        Some(len) if errno == libc::EFAULT => {
            Error::at(step, format!("{id} (bytes {pos} to {} of {len})", pos.saturating_add(size)), errno)
        }
        _ => failed(step, id, errno),
    }
}

/// The kernel's bit for a segment that was removed while it was attached.
const REMOVED: u32 = 0o1000;

fn is_removed(stat: &libc::shmid_ds) -> bool {
    u32::from(stat.shm_perm.mode) & REMOVED != 0
}

/// Perl's `shmget`: the id of the segment with that key; the flags are permissions, [`sysv::CREATE`] and
/// [`sysv::EXCLUSIVE`].
pub fn get(key: i32, size: usize, flags: i32) -> Result<i32> {
    raw::shmget(key, size, flags).map_err(|errno| match errno {
        libc::ENOSPC => {
            let all = sysv::list().unwrap_or_default();
            let segments = all.iter().filter(|o| o.kind == sysv::Kind::SharedMemory).count() as u64;
            let full = sysv::limit("shmmni").is_some_and(|limit| segments >= limit);
            sysv::beyond("shmget", if full { "shmmni" } else { "shmall" }, errno)
        }
        libc::EINVAL if sysv::limit("shmmax").is_some_and(|limit| size as u64 > limit) => {
            sysv::beyond("shmget", "shmmax", errno)
        }
        _ => sysv::no_get("shmget", key, errno, || {
            let stat = raw::stat::<raw::Shm>(raw::shmget(key, 0, 0).ok()?).ok()?;
            Some(format!("{} bytes", stat.shm_segsz))
        }),
    })
}

// ---- by id ----

struct Attached {
    id: i32,
    segment: Arc<Segment>,
    sequence: u16,
    /// The tick of the clock in which it was last seen to exist.
    seen: u64,
}

/// So many stay attached; then the one that was attached first makes room.
const KEPT: usize = 64;

/// What up to this size is copied while the table is held: less than it would cost to hold the segment apart.
const QUICK: usize = 4096;

static TABLE: Own<Mutex<Vec<Attached>>> = Own::inheriting(taken_over);

fn table() -> MutexGuard<'static, Vec<Attached>> {
    TABLE.get().lock().unwrap_or_else(PoisonError::into_inner)
}

/// The segment in the table, attached if it is not there, looked after if the tick is another.
#[inline]
fn find(table: &mut Vec<Attached>, id: i32, write: bool) -> std::result::Result<&Arc<Segment>, i32> {
    let tick = sys::monotonic_coarse();
    let known = table.iter().position(|a| a.id == id && a.seen == tick && (!write || a.segment.is_writable()));
    let at = match known {
        Some(at) => at,
        None => look(table, id, write, tick)?,
    };
    table.get(at).map(|attached| &attached.segment).ok_or(libc::EIDRM)
}

/// Asks whether the segment exists, and attaches it if need be; its place in the table.
#[cold]
fn look(table: &mut Vec<Attached>, id: i32, write: bool, tick: u64) -> std::result::Result<usize, i32> {
    let known = table.iter().position(|attached| attached.id == id);
    let stat = raw::stat::<raw::Shm>(id);
    if let Some(at) = known {
        let attached = table.get_mut(at).ok_or(libc::EIDRM)?;
        match stat {
            Ok(stat) if !is_removed(&stat) && stat.shm_perm.__seq == attached.sequence => {
                attached.seen = tick;
                if write && !attached.segment.is_writable() {
                    attached.segment = Arc::new(Segment::attach(id, stat.shm_segsz, false)?);
                }
                return Ok(at);
            }
            // It is not ours any more, and the kernel waits for us to let go.
            other => {
                table.swap_remove(at);
                return Err(if matches!(other, Err(libc::EACCES)) { libc::EACCES } else { libc::EIDRM });
            }
        }
    }
    let stat = stat?;
    if is_removed(&stat) {
        return Err(libc::EIDRM);
    }
    // As Perl: for reading alone a right to read is enough.
    let segment = match Segment::attach(id, stat.shm_segsz, false) {
        Err(libc::EACCES) if !write => Segment::attach(id, stat.shm_segsz, true)?,
        other => other?,
    };
    if table.len() >= KEPT {
        table.remove(0);
    }
    table.push(Attached { id, segment: Arc::new(segment), sequence: stat.shm_perm.__seq, seen: tick });
    Ok(table.len() - 1)
}

/// Perl's `shmread`: fills `room` from position `pos`. EFAULT outside the segment, whose bytes then stay unread.
pub fn read(id: i32, pos: usize, room: &mut [u8]) -> Result<()> {
    let mut table = table();
    let answer = match find(&mut table, id, false) {
        Ok(segment) if room.len() <= QUICK => segment.read(pos, room),
        Ok(segment) => {
            let segment = Arc::clone(segment);
            drop(table);
            segment.read(pos, room)
        }
        Err(errno) => Err(errno),
    };
    answer.map_err(|errno| uncopied("shmread", id, (pos, room.len()), None, errno))
}

/// Perl's `shmwrite`: writes exactly `size` bytes at position `pos`, `data` cut or followed by NULs. EFAULT outside the
/// segment, which then stays as it is.
pub fn write(id: i32, data: &[u8], pos: usize, size: usize) -> Result<()> {
    let mut table = table();
    let answer = match find(&mut table, id, true) {
        Ok(segment) if size <= QUICK => segment.write(pos, data, size),
        Ok(segment) => {
            let segment = Arc::clone(segment);
            drop(table);
            segment.write(pos, data, size)
        }
        Err(errno) => Err(errno),
    };
    answer.map_err(|errno| uncopied("shmwrite", id, (pos, size), None, errno))
}

/// Lets go of what [`read`] and [`write()`] keep attached, without removing it. Whether there was something.
pub fn forget(id: i32) -> bool {
    let mut table = table();
    let before = table.len();
    table.retain(|attached| attached.id != id);
    table.len() != before
}

/// IPC_STAT.
pub fn stat(id: i32) -> Result<Stat> {
    let stat = raw::stat::<raw::Shm>(id).map_err(|errno| failed("shmctl", id, errno))?;
    Ok(Stat {
        owner: Owner::of(&stat.shm_perm),
        size: stat.shm_segsz,
        attached: stat.shm_nattch,
        creator: stat.shm_cpid,
        last: stat.shm_lpid,
        attach_time: stat.shm_atime,
        detach_time: stat.shm_dtime,
        changed: stat.shm_ctime,
        removed: is_removed(&stat),
    })
}

/// IPC_SET.
pub fn change(id: i32, change: Change) -> Result<()> {
    let mut stat = raw::stat::<raw::Shm>(id).map_err(|errno| failed("shmctl", id, errno))?;
    change.apply(&mut stat.shm_perm);
    raw::set::<raw::Shm>(id, &stat).map_err(|errno| failed("shmctl", id, errno))
}

/// IPC_STAT as Perl has it: the system's structure.
pub fn stat_bytes(id: i32) -> Result<Vec<u8>> {
    sysv::stat_bytes::<raw::Shm>("shmctl", id)
}

/// IPC_SET as Perl has it.
pub fn set_bytes(id: i32, bytes: &[u8]) -> Result<()> {
    sysv::set_bytes::<raw::Shm>("shmctl", id, bytes)
}

/// Removes it: no key finds it any more, and its memory goes with the last attachment.
pub fn remove(id: i32) -> Result<()> {
    forget(id);
    raw::remove::<raw::Shm>(id).map_err(|errno| failed("shmctl", id, errno))
}

// ---- attached ----

/// A segment attached as memory, until it is dropped. That never removes it.
///
/// Nothing but an agreement keeps others from writing while this process reads: a [`Lock`](crate::Lock), a semaphore.
#[derive(Debug)]
pub struct SharedMem {
    id: i32,
    segment: Segment,
}

impl SharedMem {
    /// Makes a segment of zeros and attaches it; EEXIST when there is one.
    pub fn create(key: i32, size: usize, mode: u32) -> Result<SharedMem> {
        let id = get(key, size, sysv::CREATE | sysv::EXCLUSIVE | (mode & 0o777) as i32)?;
        SharedMem::attach(id, false).inspect_err(|_| drop(remove(id)))
    }

    /// Attaches the segment with that id. One that was removed can be attached as long as somebody else has it.
    pub fn attach(id: i32, read_only: bool) -> Result<SharedMem> {
        let stat = raw::stat::<raw::Shm>(id).map_err(|errno| failed("shmat", id, errno))?;
        let segment = Segment::attach(id, stat.shm_segsz, read_only).map_err(|errno| failed("shmat", id, errno))?;
        Ok(SharedMem { id, segment })
    }

    /// The segment with that key, made of zeros if there is none.
    pub fn open(key: i32, size: usize, mode: u32) -> Result<SharedMem> {
        sysv::opened(|| SharedMem::attach(get(key, size, sysv::CREATE | (mode & 0o777) as i32)?, false))
    }

    /// The same by a name, whose segment must be of our own making or root's: EACCES else.
    pub fn open_named(name: &str, size: usize, mode: u32) -> Result<SharedMem> {
        let memory = SharedMem::open(sysv::key(name), size, mode)?;
        stat(memory.id)?.owner.trusted("shmget", name)?;
        Ok(memory)
    }

    /// Its id.
    pub fn id(&self) -> i32 {
        self.id
    }

    /// Bytes.
    #[inline]
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.segment.len()
    }

    /// Whether it may be written to.
    pub fn is_writable(&self) -> bool {
        self.segment.is_writable()
    }

    /// Where it is in this process.
    pub fn as_ptr(&self) -> *mut u8 {
        self.segment.as_ptr()
    }

    /// Its bytes.
    ///
    /// # Safety
    /// As long as the slice lives, nobody writes to the segment: no other process, and nobody here.
    #[allow(unsafe_code)]
    pub unsafe fn as_slice(&self) -> &[u8] {
        // SAFETY: mapped as long as `self` lives; the rest is the caller's promise.
        unsafe { std::slice::from_raw_parts(self.as_ptr(), self.len()) }
    }

    /// Its bytes for writing; it must have been attached for that.
    ///
    /// # Safety
    /// As long as the slice lives, nobody else reads or writes the segment, and it is [writable](SharedMem::is_writable).
    #[allow(unsafe_code)]
    pub unsafe fn as_mut_slice(&mut self) -> &mut [u8] {
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts_mut(self.as_ptr(), self.len()) }
    }

    /// Fills `room` from position `pos`; EFAULT outside the segment.
    #[inline]
    pub fn read(&self, pos: usize, room: &mut [u8]) -> Result<()> {
        let size = room.len();
        self.segment.read(pos, room).map_err(|errno| uncopied("shmread", self.id, (pos, size), Some(self.len()), errno))
    }

    /// Writes `data` at position `pos`; EFAULT outside the segment.
    #[inline]
    pub fn write(&self, pos: usize, data: &[u8]) -> Result<()> {
        self.write_padded(data, pos, data.len())
    }

    /// Perl's `shmwrite`: exactly `size` bytes, `data` cut or followed by NULs.
    pub fn write_padded(&self, data: &[u8], pos: usize, size: usize) -> Result<()> {
        self.segment
            .write(pos, data, size)
            .map_err(|errno| uncopied("shmwrite", self.id, (pos, size), Some(self.len()), errno))
    }

    /// IPC_STAT.
    pub fn stat(&self) -> Result<Stat> {
        stat(self.id)
    }

    /// Removes it: see [`remove`]. What is attached stays until it is dropped.
    pub fn remove(&self) -> Result<()> {
        remove(self.id)
    }

    /// Leaves it attached and gives the address: [`detach`] ends that.
    pub fn into_raw(self) -> *mut u8 {
        self.segment.into_raw()
    }
}

/// Attaches at an address (SHM_REMAP, SHM_RND and SHM_RDONLY are flags; null lets the kernel choose); [`detach`] ends it.
///
/// # Safety
/// With SHM_REMAP nobody uses what was there.
#[allow(unsafe_code)]
pub unsafe fn attach_at(id: i32, at: *const u8, flags: i32) -> Result<*mut u8> {
    // SAFETY: the caller's promise.
    unsafe { raw::shmat(id, at, flags) }.map_err(|errno| failed("shmat", id, errno))
}

/// Detaches what was attached at that address.
///
/// # Safety
/// Nobody uses the memory any more.
#[allow(unsafe_code)]
pub unsafe fn detach(at: *mut u8) -> Result<()> {
    // SAFETY: the caller's promise.
    unsafe { raw::shmdt(at) }.map_err(|errno| Error::os("shmdt", errno))
}
