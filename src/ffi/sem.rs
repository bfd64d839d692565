//! System V semaphores by id.

use std::ffi::c_char;

use super::sysv::{change_of, flags, stat_field};
use super::{guard, text};
use crate::error::{Error, Result};
use crate::sem::{Op, Semaphore};
use crate::time::Deadline;

/// Undo the change when the process ends: a flag of an operation.
pub const PERLIPC_UNDO: u32 = 4096;

fn set(id: i32) -> Semaphore {
    Semaphore::from_id(id)
}

/// A semaphore's number within its set.
fn index(index: i32) -> Result<u16> {
    u16::try_from(index).map_err(|_| Error::invalid("sem", "a number that no semaphore has"))
}

/// # Safety
/// `values` is valid for reading `count` numbers, or `count` is 0.
unsafe fn numbers<'a>(values: *const i32, count: i32) -> Result<&'a [i32]> {
    match (usize::try_from(count), values.is_null()) {
        (Ok(0), _) => Ok(&[]),
        // SAFETY: the caller's promise.
        (Ok(count), false) => Ok(unsafe { std::slice::from_raw_parts(values, count) }),
        _ => Err(Error::invalid("sem", "no values")),
    }
}

/// The set with that key, or a new one: `flags` are permissions, PERLIPC_CREAT and PERLIPC_EXCL. A new one has zeros; see
/// ipc_sem_create.
///
/// Returns: its id.
/// Errors: -ENOENT, -EEXIST, -EACCES; -EINVAL when it has fewer semaphores or for none in a new one; -ENOSPC, whose text
/// names the limit and its value.
/// Threads: any.
/// Blocks: no.
/// Perl: semget.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_sem_get(key: i32, count: i32, flags: u32) -> i32 {
    guard(|| Semaphore::get(key, count, self::flags(flags)).map(Semaphore::id))
}

/// Makes a set with these values. Who attaches with ipc_sem_attach or ipc_sem_open never sees it before they are there.
///
/// Returns: its id.
/// Errors: -EEXIST; else as ipc_sem_get. -ERANGE for a value that is negative or greater than 32767.
/// Threads: any.
/// Blocks: no.
/// Perl: semget with IPC_CREAT | IPC_EXCL, then semctl SETALL, without the race.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_sem_create(key: i32, values: *const i32, count: i32, mode: u32) -> i32 {
    // SAFETY: the caller's values.
    guard(|| Semaphore::create(key, unsafe { numbers(values, count)? }, mode).map(Semaphore::id))
}

/// The set with that key, once its creator has initialised it.
///
/// Returns: its id.
/// Errors: -ENOENT, -EACCES; -ETIMEDOUT when nobody has initialised it: a semget of somebody's that was never used.
/// Threads: any.
/// Blocks: until it is initialised, or the timeout.
/// Perl: semget, then semctl IPC_STAT until sem_otime is set.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_sem_attach(key: i32, timeout_ms: i32) -> i32 {
    guard(|| Semaphore::attach(key, Deadline::after_ms(timeout_ms)).map(Semaphore::id))
}

/// The set with that key, made with these values if there is none. However many processes call it at once, one creates,
/// and all see the values.
///
/// Returns: its id.
/// Errors: as ipc_sem_create and ipc_sem_attach, but for -EEXIST and -ENOENT.
/// Threads: any.
/// Blocks: as ipc_sem_attach.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_sem_open(key: i32, values: *const i32, count: i32, mode: u32, timeout_ms: i32) -> i32 {
    guard(|| {
        // SAFETY: the caller's values.
        let values = unsafe { numbers(values, count)? };
        Semaphore::open(key, values, mode, Deadline::after_ms(timeout_ms)).map(Semaphore::id)
    })
}

/// The same by a name (see ipc_sysv_key); the set must be of our own making or root's.
///
/// Returns: its id.
/// Errors: as ipc_sem_open; -EACCES when another user has made it.
/// Threads: any.
/// Blocks: as ipc_sem_attach.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_sem_named(
    name: *const c_char,
    values: *const i32,
    count: i32,
    mode: u32,
    timeout_ms: i32,
) -> i32 {
    guard(|| {
        // SAFETY: the caller's string and values.
        let (name, values) = unsafe { (text(name, "sem")?, numbers(values, count)?) };
        Semaphore::open_named(name, values, mode, Deadline::after_ms(timeout_ms)).map(Semaphore::id)
    })
}

/// Perl's opstring: `count` triples of semaphore, change and flags (PERLIPC_NOWAIT, PERLIPC_UNDO), done all at once or not
/// at all. A change of 0 waits until the value is 0.
///
/// Returns: 0.
/// Errors: -EAGAIN where PERLIPC_NOWAIT would have to wait, -ETIMEDOUT; -EIDRM, -EINVAL when the set is removed; -EFBIG,
/// -ERANGE, -E2BIG as semop(2).
/// Threads: any.
/// Blocks: until all can be done, or the timeout; signal handlers run meanwhile.
/// Perl: semop.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_sem_op(id: i32, triples: *const i16, count: usize, timeout_ms: i32) -> i32 {
    const { assert!(size_of::<Op>() == 6 && align_of::<Op>() == 2) };
    guard(|| {
        if triples.is_null() || count == 0 || count > i32::MAX as usize {
            return Err(Error::at("semop", id.to_string(), libc::EINVAL));
        }
        // SAFETY: the caller's triples, which are laid out as an Op.
        let ops = unsafe { std::slice::from_raw_parts(triples.cast::<Op>(), count) };
        set(id).op(ops, Deadline::after_ms(timeout_ms)).map(|()| 0)
    })
}

/// Takes one of a semaphore's units. The programs of Perl's manual count the other way (0 is free): see ipc_sem_op.
///
/// Returns: 0.
/// Errors: -ETIMEDOUT; -EIDRM, -EINVAL when the set is removed.
/// Threads: any.
/// Blocks: until there is one, or the timeout; signal handlers run meanwhile.
/// Perl: semop with (index, -1, 0).
#[unsafe(no_mangle)]
pub extern "C" fn ipc_sem_take(id: i32, index: i32, timeout_ms: i32) -> i32 {
    guard(|| set(id).take(self::index(index)?, Deadline::after_ms(timeout_ms)).map(|()| 0))
}

/// Gives one back.
///
/// Returns: 0.
/// Errors: -ERANGE beyond 32767; -EIDRM, -EINVAL when the set is removed.
/// Threads: any.
/// Blocks: no.
/// Perl: semop with (index, 1, 0).
#[unsafe(no_mangle)]
pub extern "C" fn ipc_sem_give(id: i32, index: i32) -> i32 {
    guard(|| set(id).give(self::index(index)?).map(|()| 0))
}

/// ipc_sem_take, given back by the kernel if the process ends before it gives.
///
/// Returns: 0.
/// Errors: as ipc_sem_take.
/// Threads: any.
/// Blocks: as ipc_sem_take.
/// Perl: semop with (index, -1, SEM_UNDO).
#[unsafe(no_mangle)]
pub extern "C" fn ipc_sem_take_undo(id: i32, index: i32, timeout_ms: i32) -> i32 {
    guard(|| set(id).take_undo(self::index(index)?, Deadline::after_ms(timeout_ms)).map(|()| 0))
}

/// ipc_sem_give of what ipc_sem_take_undo took.
///
/// Returns: 0.
/// Errors: as ipc_sem_give.
/// Threads: any.
/// Blocks: no.
/// Perl: semop with (index, 1, SEM_UNDO).
#[unsafe(no_mangle)]
pub extern "C" fn ipc_sem_give_undo(id: i32, index: i32) -> i32 {
    guard(|| set(id).give_undo(self::index(index)?).map(|()| 0))
}

/// A semaphore's value.
///
/// Returns: 0 to 32767.
/// Errors: -EINVAL for a semaphore or set that is not there; PERLIPC_E_INVALID for a number below 0 or beyond 65535.
/// Threads: any.
/// Blocks: no.
/// Perl: semctl GETVAL.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_sem_value(id: i32, index: i32) -> i32 {
    guard(|| set(id).value(self::index(index)?))
}

/// Sets a semaphore's value; what processes have to undo on it is forgotten.
///
/// Returns: 0.
/// Errors: -ERANGE, -EINVAL, -EACCES.
/// Threads: any.
/// Blocks: no.
/// Perl: semctl SETVAL.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_sem_set(id: i32, index: i32, value: i32) -> i32 {
    guard(|| set(id).set(self::index(index)?, value).map(|()| 0))
}

/// All values of a set.
///
/// Returns: how many it has; `values` has them.
/// Errors: -ERANGE when there are more than `cap`; nothing is cut.
/// Threads: any.
/// Blocks: no.
/// Perl: semctl GETALL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_sem_values(id: i32, values: *mut i32, cap: i32) -> i32 {
    guard(|| {
        let all = set(id).values()?;
        if usize::try_from(cap).map_or(true, |cap| cap < all.len()) || values.is_null() {
            return Err(Error::at("semctl", id.to_string(), libc::ERANGE));
        }
        // SAFETY: the caller's room for `cap` numbers.
        unsafe { values.copy_from_nonoverlapping(all.as_ptr(), all.len()) };
        Ok(i32::try_from(all.len()).unwrap_or(i32::MAX))
    })
}

/// Sets all values of a set: as many as it has.
///
/// Returns: 0.
/// Errors: -EINVAL for another number of them, -ERANGE, -EACCES.
/// Threads: any.
/// Blocks: no.
/// Perl: semctl SETALL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_sem_set_values(id: i32, values: *const i32, count: i32) -> i32 {
    // SAFETY: the caller's values.
    guard(|| set(id).set_values(unsafe { numbers(values, count)? }).map(|()| 0))
}

/// Who operated on a semaphore last.
///
/// Returns: a pid, 0 for nobody.
/// Errors: as ipc_sem_value.
/// Threads: any.
/// Blocks: no.
/// Perl: semctl GETPID.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_sem_pid(id: i32, index: i32) -> i32 {
    guard(|| set(id).pid(self::index(index)?))
}

/// How many processes wait for a semaphore: for more (`for_zero` 0), or for zero.
///
/// Returns: their number.
/// Errors: as ipc_sem_value.
/// Threads: any.
/// Blocks: no.
/// Perl: semctl GETNCNT, GETZCNT.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_sem_waiting(id: i32, index: i32, for_zero: i32) -> i32 {
    guard(|| {
        let index = self::index(index)?;
        if for_zero == 0 { set(id).waiting(index) } else { set(id).waiting_for_zero(index) }
    })
}

/// What is known of a set, by a field's name: "uid" "gid" "cuid" "cgid" "mode" "seq", "key" (as an unsigned number),
/// "nsems", "otime" (of the last operation; 0 never) "ctime".
///
/// Returns: the field.
/// Errors: -EINVAL when the set is removed, -EACCES; PERLIPC_E_INVALID for another name.
/// Threads: any.
/// Blocks: no.
/// Perl: semctl IPC_STAT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_sem_stat(id: i32, field: *const c_char) -> i64 {
    guard(|| {
        let stat = set(id).stat()?;
        let own = |field: &str| match field {
            "nsems" => i64::try_from(stat.count).ok(),
            "otime" => Some(stat.operated),
            "ctime" => Some(stat.changed),
            _ => None,
        };
        // SAFETY: the caller's string.
        unsafe { stat_field("semctl", field, &stat.owner, own) }
    })
}

/// Changes one of "uid", "gid", "mode".
///
/// Returns: 0.
/// Errors: -EPERM when the set is not ours; PERLIPC_E_INVALID for another field.
/// Threads: any.
/// Blocks: no.
/// Perl: semctl IPC_SET.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_sem_change(id: i32, field: *const c_char, value: i64) -> i32 {
    // SAFETY: the caller's string.
    guard(|| set(id).change(unsafe { change_of("semctl", field, value)? }).map(|()| 0))
}

/// Removes a set. Who waits on it gets -EIDRM.
///
/// Returns: 0.
/// Errors: -EINVAL when it is removed, -EPERM when it is not ours.
/// Threads: any.
/// Blocks: no.
/// Perl: semctl IPC_RMID.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_sem_remove(id: i32) -> i32 {
    guard(|| set(id).remove().map(|()| 0))
}
