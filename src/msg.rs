//! System V message queues: Perl's `msgget`, `msgsnd`, `msgrcv`, `msgctl`.

use crate::block::{self, Stop, Wait};
use crate::error::{Error, Result};
use crate::sys::sysv as raw;
use crate::sysv::{self, Change, NO_WAIT, Owner};
use crate::time::Deadline;

/// A longer message is cut rather than refused with E2BIG (a flag of receiving).
pub const NO_ERROR: i32 = libc::MSG_NOERROR;
/// Any type but that one (a flag of receiving).
pub const EXCEPT: i32 = libc::MSG_EXCEPT;

/// A queue by its id: a plain number, free to copy; dropping it does nothing. It lives until
/// [`remove`](MessageQueue::remove).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MessageQueue(i32);

/// What IPC_STAT knows of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// Whose it is.
    pub owner: Owner,
    /// How many messages are in it.
    pub messages: u64,
    /// How many bytes they have together.
    pub bytes: u64,
    /// How many it holds.
    pub max_bytes: u64,
    /// Who sent last.
    pub sender: i32,
    /// Who received last.
    pub receiver: i32,
    /// When was sent last, in seconds of the epoch; 0 never.
    pub send_time: i64,
    /// When was received last.
    pub receive_time: i64,
    /// When it was made or changed last.
    pub changed: i64,
}

/// What was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message {
    /// The message's type.
    pub kind: i64,
    /// Its length. With [`NO_ERROR`] it can be greater than the room: then the rest is lost.
    pub len: usize,
}

impl MessageQueue {
    /// Perl's `msgget`: the flags are permissions, [`sysv::CREATE`] and [`sysv::EXCLUSIVE`].
    pub fn get(key: i32, flags: i32) -> Result<MessageQueue> {
        raw::msgget(key, flags).map(MessageQueue).map_err(|errno| match errno {
            libc::ENOSPC => sysv::beyond("msgget", "msgmni", errno),
            _ => sysv::no_get("msgget", key, errno, || None),
        })
    }

    /// The queue with that id, not asked whether it exists.
    pub fn from_id(id: i32) -> MessageQueue {
        MessageQueue(id)
    }

    /// Its id.
    pub fn id(self) -> i32 {
        self.0
    }

    /// The queue with that key, made if there is none.
    pub fn open(key: i32, mode: u32) -> Result<MessageQueue> {
        MessageQueue::get(key, sysv::CREATE | (mode & 0o777) as i32)
    }

    /// The same by a name, whose queue must be of our own making or root's: EACCES else.
    pub fn open_named(name: &str, mode: u32) -> Result<MessageQueue> {
        sysv::opened(|| {
            let queue = MessageQueue::open(sysv::key(name), mode)?;
            queue.stat()?.owner.trusted("msgget", name)?;
            Ok(queue)
        })
    }

    #[cold]
    fn failed(self, step: &'static str, errno: i32) -> Error {
        sysv::failed::<raw::Msg>(step, self.0, errno)
    }

    #[cold]
    fn stopped(self, step: &'static str, stop: Stop) -> Error {
        match stop {
            Stop::Errno(errno) => self.failed(step, errno),
            stop => stop.at(step, self.0.to_string()),
        }
    }

    /// Without a deadline (or told not to wait) the bare call; with one the form that does not wait, at growing
    /// intervals up to 20 ms, since the kernel has no timed one.
    #[inline(always)]
    fn until<T>(
        flags: i32,
        deadline: Deadline,
        mut call: impl FnMut(&crate::sys::Word, i32) -> crate::sys::Result<T>,
    ) -> Wait<T> {
        if deadline.is_never() || flags & NO_WAIT != 0 {
            return block::call(|word| call(word, flags));
        }
        MessageQueue::until_late(flags, deadline, call)
    }

    #[inline(never)]
    fn until_late<T>(
        flags: i32,
        deadline: Deadline,
        mut call: impl FnMut(&crate::sys::Word, i32) -> crate::sys::Result<T>,
    ) -> Wait<T> {
        let mut waited = false;
        block::try_until(deadline, || match call(&block::CALM, flags | NO_WAIT) {
            Ok(value) => Ok(Some(value)),
            Err(libc::EAGAIN | libc::ENOMSG) => {
                waited = true;
                Ok(None)
            }
            // It was there when the wait began: who waits in the kernel is told so.
            Err(libc::EINVAL) if waited => Err(libc::EIDRM),
            Err(errno) => Err(errno),
        })
    }

    /// Perl's `msgsnd`, the type apart: it must be positive. Waits while the queue is full, EAGAIN with
    /// [`sysv::NO_WAIT`].
    #[inline]
    pub fn send(self, kind: i64, data: &[u8], flags: i32, deadline: Deadline) -> Result<()> {
        MessageQueue::until(flags, deadline, |word, flags| raw::msgsnd(word, self.0, kind, data, flags))
            .map_err(|stop| self.unsent(stop, kind, data.len()))
    }

    #[cold]
    fn unsent(self, stop: Stop, kind: i64, len: usize) -> Error {
        match stop {
            Stop::Errno(libc::EINVAL) if kind > 0 && sysv::limit("msgmax").is_some_and(|limit| len as u64 > limit) => {
                sysv::beyond("msgsnd", "msgmax", libc::EINVAL)
            }
            Stop::Errno(libc::EINVAL) if kind <= 0 && self.stat().is_ok() => {
                Error::at("msgsnd", format!("{} (type {kind})", self.0), libc::EINVAL)
            }
            stop => self.stopped("msgsnd", stop),
        }
    }

    #[cold]
    fn unreceived(self, stop: Stop, size: usize) -> Error {
        match stop {
            Stop::Errno(libc::E2BIG) => {
                Error::at("msgrcv", format!("{} (a message longer than {size} bytes)", self.0), libc::E2BIG)
            }
            stop => self.stopped("msgrcv", stop),
        }
    }

    /// Perl's `msgrcv`, type and body apart. `kind` 0 takes the first message, n the first of type n, -n the lowest
    /// type up to n. Waits for one, ENOMSG with [`sysv::NO_WAIT`]. A message longer than the room is E2BIG and stays in
    /// the queue, unless [`NO_ERROR`] allows to cut it; then its length says so.
    #[inline]
    pub fn recv(self, kind: i64, room: &mut [u8], flags: i32, deadline: Deadline) -> Result<Message> {
        self.recv_with(kind, room.len(), flags, deadline, |kind, body| {
            let fits = body.len().min(room.len());
            if let (Some(to), Some(from)) = (room.get_mut(..fits), body.get(..fits)) {
                to.copy_from_slice(from);
            }
            Message { kind, len: body.len() }
        })
    }

    /// The same without a copy: `take` gets the type and the body of up to `size` bytes. With [`NO_ERROR`] a longer one comes
    /// whole, to be cut there.
    #[inline]
    pub fn recv_with<T>(
        self,
        kind: i64,
        size: usize,
        flags: i32,
        deadline: Deadline,
        mut take: impl FnMut(i64, &[u8]) -> T,
    ) -> Result<T> {
        let cap = if flags & NO_ERROR != 0 { longest(size) } else { size };
        MessageQueue::until(flags, deadline, |word, flags| raw::msgrcv(word, self.0, kind, cap, flags, &mut take))
            .map_err(|stop| self.unreceived(stop, size))
    }

    /// IPC_STAT.
    pub fn stat(self) -> Result<Stat> {
        let stat = raw::stat::<raw::Msg>(self.0).map_err(|errno| self.failed("msgctl", errno))?;
        Ok(Stat {
            owner: Owner::of(&stat.msg_perm),
            messages: stat.msg_qnum,
            bytes: stat.__msg_cbytes,
            max_bytes: stat.msg_qbytes,
            sender: stat.msg_lspid,
            receiver: stat.msg_lrpid,
            send_time: stat.msg_stime,
            receive_time: stat.msg_rtime,
            changed: stat.msg_ctime,
        })
    }

    /// IPC_SET.
    pub fn change(self, change: Change) -> Result<()> {
        let failed = |errno| self.failed("msgctl", errno);
        // The kernel would keep 32 bits of it.
        if let Some(bytes) = change.queue_bytes.filter(|bytes| i32::try_from(*bytes).is_err()) {
            return Err(Error::at("msgctl", format!("{} ({bytes} bytes)", self.0), libc::EINVAL));
        }
        let mut stat = raw::stat::<raw::Msg>(self.0).map_err(failed)?;
        change.apply(&mut stat.msg_perm);
        stat.msg_qbytes = change.queue_bytes.unwrap_or(stat.msg_qbytes);
        raw::set::<raw::Msg>(self.0, &stat).map_err(|errno| match errno {
            libc::EPERM if change.queue_bytes > sysv::limit("msgmnb") => sysv::beyond("msgctl", "msgmnb", errno),
            _ => failed(errno),
        })
    }

    /// IPC_STAT as Perl has it: the system's structure.
    pub fn stat_bytes(self) -> Result<Vec<u8>> {
        sysv::stat_bytes::<raw::Msg>("msgctl", self.0)
    }

    /// IPC_SET as Perl has it.
    pub fn set_bytes(self, bytes: &[u8]) -> Result<()> {
        sysv::set_bytes::<raw::Msg>("msgctl", self.0, bytes)
    }

    /// Removes it with all that is in it; who waits on it gets [`Error::Removed`].
    pub fn remove(self) -> Result<()> {
        raw::remove::<raw::Msg>(self.0).map_err(|errno| self.failed("msgctl", errno))
    }
}

/// The kernel would cut a message in silence: all of it is taken, and cut here.
#[cold]
fn longest(size: usize) -> usize {
    let longest = sysv::limit("msgmax").and_then(|limit| usize::try_from(limit).ok());
    size.max(longest.unwrap_or(1 << 16))
}
