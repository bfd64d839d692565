//! System V shared memory by id, and attached.

use std::ffi::{c_char, c_void};

use super::sysv::{change_of, flags, stat_field};
use super::{guard, put, room, slice, text};
use crate::error::{Error, Result};
use crate::shm::{self, SharedMem};

/// Attach for reading only.
pub const PERLIPC_RDONLY: u32 = 4096;
/// Round the address down to where a segment can begin.
pub const PERLIPC_RND: u32 = 8192;
/// Attach in the place of what is at the address.
pub const PERLIPC_REMAP: u32 = 16384;

fn length(len: usize) -> Result<i64> {
    i64::try_from(len).map_err(|_| Error::os("shm", libc::EFAULT))
}

/// The segment with that key, or a new one of zeros: `flags` are permissions, PERLIPC_CREAT and PERLIPC_EXCL.
///
/// Returns: its id.
/// Errors: -ENOENT, -EEXIST, -EACCES; -EINVAL when it is smaller or for size 0 of a new one; -ENOSPC, whose text names the
/// limit and its value.
/// Threads: any.
/// Blocks: no.
/// Perl: shmget.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_shm_get(key: i32, size: usize, flags: u32) -> i32 {
    guard(|| shm::get(key, size, self::flags(flags)))
}

/// The segment of a name (see ipc_sysv_key), made if there is none; it must be of our own making or root's.
///
/// Returns: its id.
/// Errors: as ipc_shm_get; -EACCES when another user has made it.
/// Threads: any.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_shm_named(name: *const c_char, size: usize, mode: u32) -> i32 {
    // SAFETY: the caller's string.
    guard(|| SharedMem::open_named(unsafe { text(name, "shm")? }, size, mode).map(|memory| memory.id()))
}

/// Reads `len` bytes from position `pos`. The segment stays attached for the next time; that it was removed by another
/// process is noticed within 10 ms.
///
/// Returns: `len`.
/// Errors: -EFAULT outside the segment, and nothing is read; -EIDRM, -EINVAL when it is removed; -EACCES.
/// Threads: any. What others write meanwhile may be there in part.
/// Blocks: no.
/// Perl: shmread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_shm_read(id: i32, data: *mut c_void, pos: usize, len: usize) -> i64 {
    guard(|| {
        // SAFETY: the caller's buffer.
        shm::read(id, pos, unsafe { room(data.cast(), len, "shmread")? })?;
        length(len)
    })
}

/// Writes `len` bytes at position `pos`; else as ipc_shm_read. Perl's padding with NULs is the caller's.
///
/// Returns: `len`.
/// Errors: as ipc_shm_read, and nothing is written.
/// Threads: any. What others write meanwhile may be mixed with it.
/// Blocks: no.
/// Perl: shmwrite.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_shm_write(id: i32, data: *const c_void, pos: usize, len: usize) -> i64 {
    guard(|| {
        // SAFETY: the caller's data.
        shm::write(id, unsafe { slice(data.cast(), len, "shmwrite")? }, pos, len)?;
        length(len)
    })
}

/// Lets go of what ipc_shm_read and ipc_shm_write keep attached.
///
/// Returns: 1, 0 when nothing was.
/// Errors: none.
/// Threads: any.
/// Blocks: no.
/// Perl: none; it detaches each time.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_shm_forget(id: i32) -> i32 {
    guard(|| Ok(i32::from(shm::forget(id))))
}

/// Attaches a segment as memory: `flags` 0 or PERLIPC_RDONLY. It stays until ipc_shm_detach, also when it is removed.
///
/// Returns: 0; where it is in `addr`, its length in `size`.
/// Errors: -EINVAL, -EIDRM when it is removed; -EACCES, -ENOMEM. `addr` is NULL then. PERLIPC_E_INVALID for no `addr`.
/// Threads: any.
/// Blocks: no.
/// Perl: IPC::SysV's shmat.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_shm_attach(id: i32, flags: u32, addr: *mut *mut c_void, size: *mut usize) -> i32 {
    guard(|| {
        // SAFETY: the caller's out-parameters.
        unsafe {
            if addr.is_null() {
                return Err(Error::invalid("shmat", "no place for the address"));
            }
            put(addr, std::ptr::null_mut());
            let memory = SharedMem::attach(id, flags & PERLIPC_RDONLY != 0)?;
            put(size, memory.len());
            put(addr, memory.into_raw().cast());
        }
        Ok(0)
    })
}

/// Attaches at an address of the caller's choice: `flags` PERLIPC_RDONLY, PERLIPC_RND, PERLIPC_REMAP. NULL leaves the
/// choice to the system.
///
/// Returns: 0; where it is in `addr`.
/// Errors: -EINVAL for an address where it cannot be; else as ipc_shm_attach.
/// Threads: any.
/// Blocks: no.
/// Perl: IPC::SysV's shmat.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_shm_attach_at(id: i32, at: *const c_void, flags: u32, addr: *mut *mut c_void) -> i32 {
    guard(|| {
        // SAFETY: the caller's address, which with PERLIPC_REMAP nobody uses, and out-parameter.
        unsafe {
            if addr.is_null() && at.is_null() {
                return Err(Error::invalid("shmat", "no place for the address"));
            }
            put(addr, std::ptr::null_mut());
            put(addr, shm::attach_at(id, at.cast(), self::flags(flags))?.cast());
        }
        Ok(0)
    })
}

/// Detaches what was attached at that address; nobody uses the memory any more.
///
/// Returns: 0.
/// Errors: -EINVAL when nothing is attached there.
/// Threads: any.
/// Blocks: no.
/// Perl: IPC::SysV's shmdt.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_shm_detach(addr: *mut c_void) -> i32 {
    // SAFETY: the caller's promise.
    guard(|| unsafe { shm::detach(addr.cast()) }.map(|()| 0))
}

/// What is known of a segment, by a field's name: those of ipc_sem_stat that all have, and "segsz" "nattch" "cpid" "lpid"
/// "atime" "dtime" "ctime", "removed" (1 when it goes with its last attachment).
///
/// Returns: the field.
/// Errors: -EINVAL when it is removed, -EACCES; PERLIPC_E_INVALID for another name.
/// Threads: any.
/// Blocks: no.
/// Perl: shmctl IPC_STAT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_shm_stat(id: i32, field: *const c_char) -> i64 {
    guard(|| {
        let stat = shm::stat(id)?;
        let own = |field: &str| match field {
            "segsz" => i64::try_from(stat.size).ok(),
            "nattch" => i64::try_from(stat.attached).ok(),
            "cpid" => Some(i64::from(stat.creator)),
            "lpid" => Some(i64::from(stat.last)),
            "atime" => Some(stat.attach_time),
            "dtime" => Some(stat.detach_time),
            "ctime" => Some(stat.changed),
            "removed" => Some(i64::from(stat.removed)),
            _ => None,
        };
        // SAFETY: the caller's string.
        unsafe { stat_field("shmctl", field, &stat.owner, own) }
    })
}

/// Changes one of "uid", "gid", "mode".
///
/// Returns: 0.
/// Errors: -EPERM when the segment is not ours; PERLIPC_E_INVALID for another field.
/// Threads: any.
/// Blocks: no.
/// Perl: shmctl IPC_SET.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_shm_change(id: i32, field: *const c_char, value: i64) -> i32 {
    // SAFETY: the caller's string.
    guard(|| shm::change(id, unsafe { change_of("shmctl", field, value)? }).map(|()| 0))
}

/// Removes a segment: no key finds it any more, and its memory goes with the last attachment.
///
/// Returns: 0.
/// Errors: -EINVAL when it is removed, -EPERM when it is not ours.
/// Threads: any.
/// Blocks: no.
/// Perl: shmctl IPC_RMID.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_shm_remove(id: i32) -> i32 {
    guard(|| shm::remove(id).map(|()| 0))
}
