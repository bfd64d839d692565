//! Many datagrams in one system call.

use std::ffi::{CString, c_char, c_void};
use std::ops::Range;

use super::dgram::ipc_dgram;
use super::{Handle, bytes, free, get, get_mut, guard, put, slice};
use crate::addr::Addr;
use crate::batch::Batch;
use crate::error::Error;
use crate::time::Deadline;

/// Messages that are to be sent, or that were received, by one system call. For one thread at a time.
#[repr(C)]
pub struct ipc_batch {
    tag: u32,
    batch: Result<Batch, Error>,
    /// What was added: the bytes of all messages, and of each where they are and where it goes.
    data: Vec<u8>,
    added: Vec<(Range<usize>, Option<Addr>)>,
    /// Who sent the message asked for last, lent to the caller.
    from: CString,
}

impl Handle for ipc_batch {
    const TAG: u32 = u32::from_be_bytes(*b"ibat");
    const NAME: &'static str = "batch";
}

impl ipc_batch {
    fn clear(&mut self) {
        self.data.clear();
        self.added.clear();
    }
}

/// A batch with room to receive up to `most` messages of up to `size` bytes each. What is to be sent needs no room.
///
/// Returns: the batch, never NULL.
/// Errors: none; a number that is too small, or too much memory, is the error of ipc_batch_recv.
/// Threads: any.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_batch_new(most: i32, size: usize) -> *mut ipc_batch {
    let batch = Batch::new(usize::try_from(most).unwrap_or(0), size);
    let (data, added, from) = Default::default();
    Box::into_raw(Box::new(ipc_batch { tag: ipc_batch::TAG, batch, data, added, from }))
}

/// Adds a message to be sent, of which a copy is kept: to an address as text, as ipc_dgram_send has it (a path needs its slash
/// here: "./name"), or (NULL) to the connected peer.
///
/// Returns: how many wait to be sent.
/// Errors: PERLIPC_E_INVALID for text that is no address.
/// Threads: one at a time.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_batch_add(b: *mut ipc_batch, data: *const c_void, len: usize, addr: *const c_char) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle, data and string.
        unsafe {
            let batch = get_mut(b)?;
            let data = slice(data.cast(), len, "send")?;
            let addr = if addr.is_null() { None } else { Some(Addr::parse(bytes(addr, "address")?)?) };
            let begin = batch.data.len();
            batch.data.extend_from_slice(data);
            batch.added.push((begin..batch.data.len(), addr));
            Ok(i32::try_from(batch.added.len()).unwrap_or(i32::MAX))
        }
    })
}

/// Sends what was added, in one system call as long as it goes out at once.
///
/// Returns: how many went out: less than all only when one failed after the first. The rest still waits, and the next call
/// tells why.
/// Errors: as ipc_dgram_send, when the first failed; it still waits. PERLIPC_E_HANDLER also when some went out: the rest
/// still waits.
/// Threads: one at a time.
/// Blocks: while there is no room, or the timeout.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_batch_send(b: *mut ipc_batch, d: *mut ipc_dgram, timeout_ms: i32) -> i32 {
    guard(|| {
        // SAFETY: the caller's handles.
        let (batch, dgram) = unsafe { (get_mut(b)?, &get(d)?.dgram) };
        let messages: Vec<_> = batch
            .added
            .iter()
            .map(|(span, to)| (batch.data.get(span.clone()).unwrap_or_default(), to.as_ref()))
            .collect();
        let (sent, result) = dgram.send_some(&messages, Deadline::after_ms(timeout_ms));
        if sent == batch.added.len() {
            batch.clear();
        } else {
            batch.added.drain(..sent);
        }
        result?;
        Ok(i32::try_from(sent).unwrap_or(i32::MAX))
    })
}

/// Throws away what was added and has not been sent.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for a bad handle.
/// Threads: one at a time.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_batch_clear(b: *mut ipc_batch) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle.
        unsafe { get_mut(b)? }.clear();
        Ok(0)
    })
}

/// Receives what is there, or what comes next, as many messages as there is room for, in one system call.
///
/// Returns: how many; ipc_batch_message gives each.
/// Errors: as ipc_dgram_recv; PERLIPC_E_INVALID for a batch without room.
/// Threads: one at a time.
/// Blocks: until the first message comes or the timeout.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_batch_recv(b: *mut ipc_batch, d: *mut ipc_dgram, timeout_ms: i32) -> i32 {
    guard(|| {
        // SAFETY: the caller's handles.
        let (batch, dgram) = unsafe { (get_mut(b)?, &get(d)?.dgram) };
        let batch = batch.batch.as_mut().map_err(|error| error.clone())?;
        let count = dgram.recv_batch(batch, Deadline::after_ms(timeout_ms))?;
        Ok(i32::try_from(count).unwrap_or(i32::MAX))
    })
}

/// The i-th message, from 0, of those that the last ipc_batch_recv received. Its bytes are borrowed until the next one; who
/// sent it comes as text in `from` (NULL: not wanted), borrowed until the next call of this function; empty as
/// ipc_dgram_recv has it.
///
/// Returns: its true length: where that is more than the batch's size, it was cut there.
/// Errors: PERLIPC_E_INVALID when there are not so many.
/// Threads: one at a time.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_batch_message(
    b: *mut ipc_batch,
    i: i32,
    data: *mut *const c_void,
    from: *mut *const c_char,
) -> i64 {
    guard(|| {
        // SAFETY: the caller's handle and out-parameters.
        unsafe {
            put(data, std::ptr::null());
            put(from, c"".as_ptr());
            let handle = get_mut(b)?;
            let batch = handle.batch.as_ref().map_err(|error| error.clone())?;
            let message = usize::try_from(i).ok().and_then(|i| batch.get(i));
            let Some((bytes, received)) = message else {
                return Err(Error::invalid("batch", format!("there is no message {i}")));
            };
            put(data, bytes.as_ptr().cast());
            if !from.is_null() {
                let mut sender = received.from.text();
                if matches!(&received.from, Addr::Path(_)) && !sender.contains(&b'/') {
                    // ipc_batch_add knows of no socket yet, and takes a path by its slash.
                    sender.splice(..0, *b"./");
                }
                handle.from = CString::new(sender).unwrap_or_default();
                put(from, handle.from.as_ptr());
            }
            Ok(i64::try_from(received.len).unwrap_or(i64::MAX))
        }
    })
}

/// Frees it, with what has not been sent; NULL is nothing.
///
/// Returns: nothing.
/// Errors: none.
/// Threads: any; nobody may use it any more.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_batch_free(b: *mut ipc_batch) {
    // SAFETY: the caller's handle.
    unsafe { free(b) }
}
