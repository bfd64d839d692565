//! What a child said: small in a vector, large in huge pages or in memory of the caller's making, and only so much of it.

use std::any::Any;

use crate::block::{Stop, Wait};
use crate::sys;

/// Memory of the caller's that is about to be filled for the first time, and is large: asks the kernel to give it in huge
/// pages, where it has them.
pub fn huge_pages(room: &mut [std::mem::MaybeUninit<u8>]) {
    sys::memory::advise_huge(room);
}

/// Bytes that come, up to a limit: then the first half of it and the last half are kept, and the rest is counted.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) store: Store,
    pub(super) len: usize,
    limit: usize,
    pub(super) make: MakeRoom,
    /// The last bytes, as a ring, once the head is full.
    tail: Vec<u8>,
    tail_at: usize,
    pub(super) dropped: u64,
    pub(super) total: u64,
    pub(super) at_deadline: u64,
}

/// Memory that a large output is read into: pages of the capture's own, or an object of another language that is to hold
/// it in the end, so that nothing is copied.
pub trait Room: Any + Send {
    /// Makes it at least that long, with what is in it; or why not, an errno.
    fn grow(&mut self, len: usize) -> std::result::Result<(), i32>;
    /// All of it.
    fn bytes(&self) -> &[u8];
    /// All of it, to be filled.
    fn bytes_mut(&mut self) -> &mut [u8];
}

/// Makes a room of at least that many bytes, or says why not: an errno.
pub type MakeRoom = fn(usize) -> std::result::Result<Box<dyn Room>, i32>;

/// Huge pages where the kernel has them, grown without a copy: faults on fresh small ones would cost more than the pipe.
impl Room for sys::memory::Pages {
    fn grow(&mut self, len: usize) -> sys::Result<()> {
        self.resize(len)?;
        let _ = self.advise(libc::MADV_HUGEPAGE);
        Ok(())
    }

    fn bytes(&self) -> &[u8] {
        sys::memory::Pages::bytes(self)
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        sys::memory::Pages::bytes_mut(self)
    }
}

/// Makes the rooms that a capture has of its own.
pub fn pages(len: usize) -> std::result::Result<Box<dyn Room>, i32> {
    let pages = sys::memory::Pages::new(len, libc::MAP_NORESERVE)?;
    let _ = pages.advise(libc::MADV_HUGEPAGE);
    Ok(Box::new(pages))
}

/// Small in a vector, large in a room.
pub(super) enum Store {
    Small(Vec<u8>),
    Large(Box<dyn Room>),
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

pub(super) const PIECE: usize = 64 * 1024;
const FIRST: usize = 4 * 1024;
const LARGE: usize = 2 << 20;
const FIRST_LARGE: usize = 8 << 20;

impl Kept {
    pub(super) fn new(limit: Option<usize>) -> Kept {
        Kept {
            store: Store::Small(Vec::new()),
            len: 0,
            limit: limit.unwrap_or(usize::MAX),
            make: pages,
            tail: Vec::new(),
            tail_at: 0,
            dropped: 0,
            total: 0,
            at_deadline: 0,
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        match &self.store {
            Store::Small(bytes) => &bytes[..self.len],
            Store::Large(room) => &room.bytes()[..self.len],
        }
    }

    /// How much of the beginning is kept, when not all can be.
    fn head(&self) -> usize {
        if self.limit == usize::MAX { usize::MAX } else { self.limit - self.limit / 2 }
    }

    pub(super) fn read(&mut self, read: impl FnOnce(&mut [u8]) -> Wait<usize>) -> Wait<usize> {
        let n = if self.len >= self.head() {
            let mut piece = [0; PIECE / 4];
            let n = read(&mut piece)?;
            self.push_tail(&piece[..n]);
            n
        } else {
            let most = self.head() - self.len;
            let room = self.room().map_err(Stop::Errno)?;
            let most = room.len().min(most);
            let n = read(&mut room[..most])?;
            self.len += n;
            n
        };
        self.total += n as u64;
        Ok(n)
    }

    /// What was read already.
    pub(super) fn push(&mut self, mut data: &[u8]) -> sys::Result<()> {
        while !data.is_empty() {
            let n = self.read(|room| {
                let n = room.len().min(data.len());
                room[..n].copy_from_slice(&data[..n]);
                Ok(n)
            });
            match n {
                Ok(n) => data = &data[n..],
                Err(Stop::Errno(errno)) => return Err(errno),
                Err(_) => return Err(libc::EINTR),
            }
        }
        Ok(())
    }

    fn push_tail(&mut self, data: &[u8]) {
        let most = self.limit / 2;
        let (first, rest) = data.split_at(data.len().min(most - self.tail.len()));
        self.tail.extend_from_slice(first);
        self.dropped += rest.len() as u64;
        // Of more than the ring holds only the last bytes stay.
        let mut rest = &rest[rest.len().saturating_sub(most)..];
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(most - self.tail_at));
            self.tail[self.tail_at..self.tail_at + now.len()].copy_from_slice(now);
            self.tail_at = (self.tail_at + now.len()) % most;
            rest = later;
        }
    }

    /// Room behind what is there: not less than a piece, once it is not small.
    fn room(&mut self) -> sys::Result<&mut [u8]> {
        let grow = match &self.store {
            Store::Small(bytes) if bytes.len() - self.len < FIRST => {
                if bytes.is_empty() {
                    FIRST
                } else {
                    (bytes.len() * 2).max(2 * PIECE)
                }
            }
            Store::Large(room) if room.bytes().len() - self.len < PIECE => room.bytes().len() * 2,
            _ => 0,
        };
        if grow > 0 {
            match &mut self.store {
                Store::Small(bytes) if grow <= LARGE => bytes.resize(grow, 0),
                Store::Small(bytes) => {
                    let mut room = (self.make)(FIRST_LARGE)?;
                    room.bytes_mut()[..self.len].copy_from_slice(&bytes[..self.len]);
                    self.store = Store::Large(room);
                }
                Store::Large(room) => room.grow(grow)?,
            }
        }
        Ok(match &mut self.store {
            Store::Small(bytes) => &mut bytes[self.len..],
            Store::Large(room) => &mut room.bytes_mut()[self.len..],
        })
    }

    /// The end is put behind the beginning.
    pub(super) fn done(mut self) -> Kept {
        if let Store::Small(bytes) = &mut self.store {
            bytes.truncate(self.len);
        }
        if !self.tail.is_empty() {
            self.tail.rotate_left(self.tail_at);
            let mut all = self.bytes().to_vec();
            all.extend_from_slice(&self.tail);
            self.len = all.len();
            self.store = Store::Small(all);
            self.tail.clear();
        }
        self
    }
}
