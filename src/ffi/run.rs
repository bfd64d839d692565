//! What [`ipc_stream_readline`](super::stream::ipc_stream_readline) goes through by pointers.

use std::cell::Cell;

use crate::stream::Reader;

/// Records that the reader has found ahead, lent: a line is some twenty instructions then. Who uses the reader in any other
/// way gives them back first. The bytes and the marks stay where they are meanwhile: only the reader moves them.
pub(super) struct Run {
    /// Where the next record begins, and behind it where it ends; null: nothing is lent.
    next: Cell<*const u64>,
    /// Where the last one ends.
    last: Cell<*const u64>,
    first: Cell<*const u64>,
    base: Cell<*mut u8>,
    /// What belongs where the next record begins; a NUL may stand there.
    displaced: Cell<u8>,
}

impl Run {
    pub(super) const fn new() -> Run {
        Run {
            next: Cell::new(std::ptr::null()),
            last: Cell::new(std::ptr::null()),
            first: Cell::new(std::ptr::null()),
            base: Cell::new(std::ptr::null_mut()),
            displaced: Cell::new(0),
        }
    }

    /// The next record of what is lent, with a NUL behind it.
    #[inline(always)]
    pub(super) fn record(&self) -> Option<(*const u8, usize)> {
        let next = self.next.get();
        if next == self.last.get() {
            return None;
        }
        // SAFETY: between `next` and `last` are marks, ascending places in the buffer, which is one byte longer than the
        // greatest can be; nobody else uses either until they are given back.
        unsafe {
            let (start, end) = (*next as usize, *next.add(1) as usize);
            let base = self.base.get();
            *base.add(start) = self.displaced.get();
            self.displaced.set(*base.add(end));
            *base.add(end) = 0;
            self.next.set(next.add(1));
            Some((base.add(start).cast_const(), end - start))
        }
    }

    pub(super) fn lend(&self, reader: &mut Reader) {
        if let Some((base, displaced, marks)) = reader.lend() {
            self.first.set(marks.start);
            self.next.set(marks.start);
            // Two marks at least: as many records as marks, less one.
            self.last.set(marks.end.wrapping_sub(1));
            self.base.set(base);
            self.displaced.set(displaced);
        }
    }

    #[inline]
    pub(super) fn give_back(&self, reader: &mut Reader) {
        let next = self.next.replace(std::ptr::null());
        if next.is_null() {
            return;
        }
        self.last.set(std::ptr::null());
        // SAFETY: as in `record`; both pointers are into the marks.
        let taken = unsafe {
            *self.base.get().add(*next as usize) = self.displaced.get();
            next.offset_from(self.first.get())
        };
        reader.skip_ahead(taken as usize);
    }
}
