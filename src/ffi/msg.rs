//! System V message queues by id.

use std::ffi::{c_char, c_void};

use super::sysv::{change_of, flags, stat_field};
use super::{guard, put, room, slice, text};
use crate::msg::MessageQueue;
use crate::time::Deadline;

/// Cut a message that is too long rather than refuse it.
pub const PERLIPC_NOERROR: u32 = 4096;
/// Any type but that one.
pub const PERLIPC_EXCEPT: u32 = 8192;

fn queue(id: i32) -> MessageQueue {
    MessageQueue::from_id(id)
}

/// The queue with that key, or a new one: `flags` are permissions, PERLIPC_CREAT and PERLIPC_EXCL.
///
/// Returns: its id.
/// Errors: -ENOENT, -EEXIST, -EACCES; -ENOSPC, whose text names the limit and its value.
/// Threads: any.
/// Blocks: no.
/// Perl: msgget.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_msg_get(key: i32, flags: u32) -> i32 {
    guard(|| MessageQueue::get(key, self::flags(flags)).map(MessageQueue::id))
}

/// The queue of a name (see ipc_sysv_key), made if there is none; it must be of our own making or root's.
///
/// Returns: its id.
/// Errors: as ipc_msg_get; -EACCES when another user has made it.
/// Threads: any.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_msg_named(name: *const c_char, mode: u32) -> i32 {
    // SAFETY: the caller's string.
    guard(|| MessageQueue::open_named(unsafe { text(name, "msg")? }, mode).map(MessageQueue::id))
}

/// Sends a message of a type, which is positive. `flags`: PERLIPC_NOWAIT.
///
/// Returns: 0.
/// Errors: -EAGAIN when the queue is full and PERLIPC_NOWAIT was said, -ETIMEDOUT; -EINVAL for a type below 1, a removed
/// queue, and more than the limit "msgmax", which the text names; -EIDRM, -EACCES.
/// Threads: any.
/// Blocks: while the queue is full, or until the timeout; signal handlers run meanwhile. With a timeout it is tried at
/// intervals of up to 20 ms: the kernel has no timed form.
/// Perl: msgsnd.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_msg_send(
    id: i32,
    r#type: i64,
    data: *const c_void,
    len: usize,
    flags: u32,
    timeout_ms: i32,
) -> i32 {
    guard(|| {
        // SAFETY: the caller's data.
        let data = unsafe { slice(data.cast(), len, "msgsnd")? };
        queue(id).send(r#type, data, self::flags(flags), Deadline::after_ms(timeout_ms)).map(|()| 0)
    })
}

/// Receives a message: the first (`type` 0), the first of a type, or of the lowest type up to -`type`. `flags`:
/// PERLIPC_NOWAIT, PERLIPC_NOERROR, PERLIPC_EXCEPT.
///
/// Returns: its length; with PERLIPC_NOERROR greater than `cap` when it was cut. Its type in `got_type`, NULL if unwanted.
/// Errors: -ENOMSG when there is none and PERLIPC_NOWAIT was said, -ETIMEDOUT; -E2BIG when it does not fit: it stays in
/// the queue; -EIDRM, -EINVAL, -EACCES.
/// Threads: any.
/// Blocks: until there is one, or the timeout; else as ipc_msg_send.
/// Perl: msgrcv.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_msg_recv(
    id: i32,
    r#type: i64,
    data: *mut c_void,
    cap: usize,
    flags: u32,
    timeout_ms: i32,
    got_type: *mut i64,
) -> i64 {
    guard(|| {
        // SAFETY: the caller's buffer.
        let room = unsafe { room(data.cast(), cap, "msgrcv")? };
        let message = queue(id).recv(r#type, room, self::flags(flags), Deadline::after_ms(timeout_ms))?;
        // SAFETY: the caller's out-parameter.
        unsafe { put(got_type, message.kind) };
        Ok(message.len as i64)
    })
}

/// What is known of a queue, by a field's name: those of ipc_sem_stat that all have, and "qnum" "cbytes" "qbytes" "lspid"
/// "lrpid" "stime" "rtime" "ctime".
///
/// Returns: the field.
/// Errors: -EINVAL when it is removed, -EACCES; PERLIPC_E_INVALID for another name.
/// Threads: any.
/// Blocks: no.
/// Perl: msgctl IPC_STAT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_msg_stat(id: i32, field: *const c_char) -> i64 {
    guard(|| {
        let stat = queue(id).stat()?;
        let own = |field: &str| match field {
            "qnum" => i64::try_from(stat.messages).ok(),
            "cbytes" => i64::try_from(stat.bytes).ok(),
            "qbytes" => i64::try_from(stat.max_bytes).ok(),
            "lspid" => Some(i64::from(stat.sender)),
            "lrpid" => Some(i64::from(stat.receiver)),
            "stime" => Some(stat.send_time),
            "rtime" => Some(stat.receive_time),
            "ctime" => Some(stat.changed),
            _ => None,
        };
        // SAFETY: the caller's string.
        unsafe { stat_field("msgctl", field, &stat.owner, own) }
    })
}

/// Changes one of "uid", "gid", "mode", "qbytes".
///
/// Returns: 0.
/// Errors: -EPERM when the queue is not ours, or for more "qbytes" than the limit "msgmnb", which the text names;
/// PERLIPC_E_INVALID for another field.
/// Threads: any.
/// Blocks: no.
/// Perl: msgctl IPC_SET.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_msg_change(id: i32, field: *const c_char, value: i64) -> i32 {
    // SAFETY: the caller's string.
    guard(|| queue(id).change(unsafe { change_of("msgctl", field, value)? }).map(|()| 0))
}

/// Removes a queue and all that is in it. Who waits on it gets -EIDRM.
///
/// Returns: 0.
/// Errors: -EINVAL when it is removed, -EPERM when it is not ours.
/// Threads: any.
/// Blocks: no.
/// Perl: msgctl IPC_RMID.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_msg_remove(id: i32) -> i32 {
    guard(|| queue(id).remove().map(|()| 0))
}
