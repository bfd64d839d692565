//! What a set holds for a stream, and what it sees of that.

use std::sync::Arc;

use crate::stream::{Reader, Shared, Stream};

/// A stream as a [`Poll`](super::Poll) set sees it: [`Stream::view`].
pub struct View<'a> {
    pub(crate) shared: &'a Arc<Shared>,
    pub(crate) reads: bool,
    pub(crate) writes: bool,
    pub(crate) reader: Option<&'a mut Reader>,
}

/// What a [`Poll`](super::Poll) set holds for a stream: the stream itself, a reference, or what leads to one.
pub trait Held: Send {
    /// Shows the stream to `look`, which does not wait; false when a call of somebody else is under way on it. It runs
    /// inside the set, and must not call that. Without `reading` somebody else may be reading from it meanwhile.
    fn show(&mut self, reading: bool, look: &mut dyn FnMut(View<'_>)) -> bool;

    /// What it led to is no more: it is not to be shown, and out of the set.
    fn is_gone(&self) -> bool {
        false
    }
}

impl Held for Stream {
    fn show(&mut self, _reading: bool, look: &mut dyn FnMut(View<'_>)) -> bool {
        look(self.view());
        true
    }
}

impl Held for &mut Stream {
    fn show(&mut self, reading: bool, look: &mut dyn FnMut(View<'_>)) -> bool {
        (**self).show(reading, look)
    }
}
