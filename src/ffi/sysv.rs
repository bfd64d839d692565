//! Keys, limits and the list of System V objects, for semaphores, shared memory and message queues alike.

use std::ffi::c_char;
use std::fmt::Write as _;

use super::{bytes, copy_text, guard, put, text};
use crate::error::Error;
use crate::sysv::{self, Change, Owner};

/// The key that no other get finds: each makes a new object.
pub const PERLIPC_PRIVATE: i32 = 0;
/// Make it if there is none.
pub const PERLIPC_CREAT: u32 = 512;
/// Fail with -EEXIST if there is one.
pub const PERLIPC_EXCL: u32 = 1024;
/// Do not wait.
pub const PERLIPC_NOWAIT: u32 = 2048;

/// Flags as the kernel has them: permissions and the constants above.
pub(super) fn flags(flags: u32) -> i32 {
    flags as i32
}

/// A field that all three kinds have.
fn owner_field(owner: &Owner, field: &str) -> Option<i64> {
    Some(match field {
        "key" => i64::from(owner.key as u32),
        "uid" => i64::from(owner.uid),
        "gid" => i64::from(owner.gid),
        "cuid" => i64::from(owner.creator_uid),
        "cgid" => i64::from(owner.creator_gid),
        "mode" => i64::from(owner.mode),
        "seq" => i64::from(owner.sequence),
        _ => return None,
    })
}

/// One field of what IPC_STAT knows; `own` has those of the kind.
///
/// # Safety
/// `field` is null or a C string.
pub(super) unsafe fn stat_field(
    step: &'static str,
    field: *const c_char,
    owner: &Owner,
    own: impl FnOnce(&str) -> Option<i64>,
) -> Result<i64, Error> {
    // SAFETY: the caller's promise.
    let field = unsafe { text(field, step)? };
    owner_field(owner, field).or_else(|| own(field)).ok_or_else(|| Error::invalid(step, format!("no field {field:?}")))
}

/// The change of one field by IPC_SET.
///
/// # Safety
/// As [`stat_field`].
pub(super) unsafe fn change_of(step: &'static str, field: *const c_char, value: i64) -> Result<Change, Error> {
    // SAFETY: the caller's promise.
    let field = unsafe { text(field, step)? };
    let small = || u32::try_from(value).map(Some).map_err(|_| Error::invalid(step, "a negative or too great value"));
    let mut change = Change::default();
    match field {
        "uid" => change.uid = small()?,
        "gid" => change.gid = small()?,
        "mode" => change.mode = small()?,
        // Of a queue alone: what others have no room for would be no error, and no change.
        "qbytes" if step == "msgctl" => change.queue_bytes = small()?.map(u64::from),
        _ => return Err(Error::invalid(step, format!("{field:?} cannot be changed"))),
    }
    Ok(change)
}

/// A key from a file and a number (its low eight bits), the same for all who name the same file. Two files can have the
/// same key.
///
/// Returns: 0, and the key in `key`.
/// Errors: -ENOENT and the like for the file.
/// Threads: any.
/// Blocks: no.
/// Perl: IPC::SysV's ftok; its default for the number is 1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_ftok(path: *const c_char, id: i32, key: *mut i32) -> i32 {
    guard(|| {
        use std::os::unix::ffi::OsStrExt;
        // SAFETY: the caller's string and out-parameter.
        unsafe {
            let path = std::ffi::OsStr::from_bytes(bytes(path, "ftok")?);
            put(key, sysv::ftok(path, id as u8)?);
        }
        Ok(0)
    })
}

/// A key from a name, the same in every process and language: a hash of it, never PERLIPC_PRIVATE. Who finds an object by
/// it should look who made it ("cuid"); ipc_sem_named, ipc_shm_named and ipc_msg_named do.
///
/// Returns: 0, and the key in `key`.
/// Errors: PERLIPC_E_INVALID for what is not UTF-8.
/// Threads: any.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_sysv_key(name: *const c_char, key: *mut i32) -> i32 {
    guard(|| {
        // SAFETY: the caller's string and out-parameter.
        unsafe { put(key, sysv::key(text(name, "key")?)) };
        Ok(0)
    })
}

/// A limit of this system by its name: "semmsl" "semmns" "semopm" "semmni", "shmmax" "shmall" "shmmni", "msgmax" "msgmnb"
/// "msgmni". Errors that come of one name it.
///
/// Returns: its value; INT64_MAX also for what is greater.
/// Errors: PERLIPC_E_INVALID for another name, -ENOENT where /proc is missing.
/// Threads: any.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_sysv_limit(name: *const c_char) -> i64 {
    guard(|| {
        // SAFETY: the caller's string.
        let name = unsafe { text(name, "limit")? };
        if !sysv::LIMIT_NAMES.contains(&name) {
            return Err(Error::invalid("limit", format!("no limit {name:?}")));
        }
        let value = sysv::limit(name).ok_or_else(|| Error::at("limit", name, libc::ENOENT))?;
        Ok(i64::try_from(value).unwrap_or(i64::MAX))
    })
}

/// All objects of this system, whoever made them: a line each, "sem 3 0x4d2 uid 0 gid 0 cuid 0 cgid 0 mode 600 size 1
/// count 0\n". Size: semaphores, bytes of memory, bytes in the queue; count: attachments, messages.
///
/// Returns: the length of the text, without the NUL that follows.
/// Errors: -ERANGE when `cap` is too small; nothing is cut. -ENOENT where /proc is missing.
/// Threads: any.
/// Blocks: no.
/// Perl: `ipcs`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_sysv_list(text: *mut c_char, cap: usize) -> i32 {
    guard(|| {
        let mut lines = String::new();
        for object in sysv::list()? {
            let (o, kind) = (object.owner, object.kind.name());
            let _ = writeln!(
                lines,
                "{kind} {} {:#x} uid {} gid {} cuid {} cgid {} mode {:o} size {} count {}",
                object.id, o.key, o.uid, o.gid, o.creator_uid, o.creator_gid, o.mode, object.size, object.count
            );
        }
        // SAFETY: the caller's buffer.
        unsafe { copy_text(&lines, text, cap, "list") }
    })
}
