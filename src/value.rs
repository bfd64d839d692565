//! What Perl's manual says cannot be done: a variable that several processes share.
//!
//! Two buffers and a version. A writer, under the [`Lock`], fills the buffer that is not current and then counts the
//! version up, which makes it current: one that is killed on the way leaves the last whole value. A reader takes no
//! lock: it copies the current buffer, and again if the version has changed meanwhile.

use std::ffi::OsStr;
use std::sync::atomic::{Ordering, fence};

use crate::error::{Error, Result};
use crate::lock::{Lock, Taken};
use crate::shared;
use crate::time::Deadline;

/// Bytes that processes share, of any length up to a capacity; at first there are none.
#[derive(Debug)]
pub struct Value {
    lock: Lock,
    capacity: usize,
}

const VERSION: usize = shared::DATA;
const LENGTHS: [usize; 2] = [shared::DATA + 8, shared::DATA + 16];
const BUFFERS: usize = shared::DATA + 64;

/// So often a reader copies again before it keeps the writers out.
const TRIES: usize = 16;

/// The whole of the data: version, lengths, two buffers.
fn room_for(capacity: usize) -> Result<usize> {
    let buffer = capacity.checked_next_multiple_of(64);
    let both = buffer.and_then(|buffer| buffer.checked_mul(2)).and_then(|both| both.checked_add(64));
    both.filter(|size| *size < isize::MAX as usize / 2)
        .ok_or_else(|| Error::at("value", format!("{capacity} bytes"), libc::ENOMEM))
}

impl Value {
    /// The value of that name, made if there is none. Names are as for [`Lock::open`]; all who open it say the same
    /// capacity.
    pub fn open(name: impl AsRef<OsStr>, capacity: usize, mode: u32) -> Result<Value> {
        let memory = shared::open("value", name.as_ref(), (capacity, room_for(capacity)?), mode, |_| ())?;
        Ok(Value { lock: Lock::over(memory), capacity })
    }

    /// A value without a name, for this process and the children it forks.
    pub fn anonymous(capacity: usize) -> Result<Value> {
        let memory = shared::anonymous("value", room_for(capacity)?)?;
        Ok(Value { lock: Lock::over(memory), capacity })
    }

    /// Takes the name away; who has it open keeps it. What is no value keeps its name: [`Error::Invalid`].
    pub fn remove(name: impl AsRef<OsStr>) -> Result<()> {
        shared::remove("value", name.as_ref())
    }

    /// How long it can be.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Whether only its owner, who is this user or root, may write to it: what is in it can be trusted then.
    pub fn is_private(&self) -> bool {
        self.lock.memory().private
    }

    /// How often it was written.
    pub fn version(&self) -> u64 {
        self.lock.memory().shared.number(VERSION).load(Ordering::Acquire)
    }

    fn buffer(&self, version: u64) -> (usize, usize) {
        let which = (version & 1) as usize;
        (if which == 0 { LENGTHS[0] } else { LENGTHS[1] }, BUFFERS + which * self.capacity.next_multiple_of(64))
    }

    /// Copies the current value, or what fits of it: its length. `None` when a writer was quicker.
    fn try_read(&self, room: &mut [u8]) -> Option<usize> {
        let shared = &self.lock.memory().shared;
        let version = self.version();
        let (length, buffer) = self.buffer(version);
        let len = (shared.number(length).load(Ordering::Relaxed) as usize).min(self.capacity);
        let fits = len.min(room.len());
        shared.read(buffer, room.get_mut(..fits)?);
        fence(Ordering::Acquire);
        (shared.number(VERSION).load(Ordering::Relaxed) == version).then_some(len)
    }

    /// Copies the value into `room`; its length, which is greater than the room when it did not fit. Never a mixture of
    /// two values. The deadline counts only while writers leave no gap to read in.
    pub fn read(&self, room: &mut [u8], deadline: Deadline) -> Result<usize> {
        for _ in 0..TRIES {
            if let Some(len) = self.try_read(room) {
                return Ok(len);
            }
            std::hint::spin_loop();
        }
        self.locked(deadline, || self.try_read(room).ok_or_else(|| self.lock.memory().failed("value", libc::EIO)))
    }

    /// The value.
    pub fn get(&self, deadline: Deadline) -> Result<Vec<u8>> {
        let mut room = Vec::new();
        loop {
            let len = self.read(&mut room, deadline)?;
            if len <= room.len() {
                room.truncate(len);
                return Ok(room);
            }
            room.resize(len, 0);
        }
    }

    /// Does something with the lock held, which this thread may have already.
    fn locked<T>(&self, deadline: Deadline, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let mine = match self.lock.take_any(deadline) {
            Ok(taken) => matches!(taken, Taken::Mine),
            Err(stop) => return Err(stop.at("value", self.lock.memory().path())),
        };
        let _give = (!mine).then(|| Give(&self.lock));
        work()
    }

    /// Puts a new value in the place of the old one; EMSGSIZE when it is longer than the capacity.
    pub fn write(&self, data: &[u8], deadline: Deadline) -> Result<()> {
        if data.len() > self.capacity {
            return Err(self.too_long(data.len()));
        }
        self.locked(deadline, || {
            self.put(data);
            Ok(())
        })
    }

    #[cold]
    fn too_long(&self, len: usize) -> Error {
        let (path, sizes) = (self.lock.memory().path(), format!("{len} bytes for {}", self.capacity));
        let thing =
            if path.is_empty() { sizes.into_bytes() } else { [path, format!(" ({sizes})").as_bytes()].concat() };
        Error::at("value", thing, libc::EMSGSIZE)
    }

    /// With the lock held.
    fn put(&self, data: &[u8]) {
        let shared = &self.lock.memory().shared;
        let next = shared.number(VERSION).load(Ordering::Relaxed).wrapping_add(1);
        // The readers of the version before last see the number before they see a byte of this.
        fence(Ordering::Release);
        let (length, buffer) = self.buffer(next);
        shared.number(length).store(data.len() as u64, Ordering::Relaxed);
        shared.write(buffer, data);
        shared.number(VERSION).store(next, Ordering::Release);
    }

    /// Changes the value with nobody in between: what the function makes of the old one is the new one.
    pub fn update(&self, deadline: Deadline, change: impl FnOnce(&[u8]) -> Vec<u8>) -> Result<()> {
        self.locked(deadline, || {
            let old = self.get(Deadline::NOW)?;
            self.write(&change(&old), Deadline::NOW)
        })
    }

    /// Takes the value's lock, for several reads and writes with nobody in between: as [`Lock::take`]. The value itself
    /// is whole also when the holder died.
    pub fn take(&self, deadline: Deadline) -> Result<bool> {
        self.lock.take(deadline)
    }

    /// Gives it back.
    pub fn give(&self) -> Result<()> {
        self.lock.give()
    }
}

/// Gives the lock back on every way out.
struct Give<'a>(&'a Lock);

impl Drop for Give<'_> {
    fn drop(&mut self) {
        let _ = self.0.give();
    }
}
