//! Perl's `%SIG`: signals by name, handlers that may do anything because they never run inside a signal.
//!
//! The kernel's handler records (a bit, a count, who sent it) and wakes; no more. The user's handlers run on the *signal
//! thread*, the one that installed the first of them, inside its blocking calls of this library and in [`dispatch`].
//! A handler that returns `Ok` lets the interrupted call go on with the time that is left; `Err` ends it with
//! [`Error::Abandoned`](crate::Error::Abandoned), and what was read stays in the stream.
//!
//! Without callbacks: [`queue`] a signal and take it with [`next`], or watch [`fd`]. [`save`] is Perl's `local`.
//! [`trap`] turns deadly signals into an end with a stack trace.
//!
//! Nothing is installed until asked.

#![allow(unsafe_code)]

mod alarm;
mod board;
mod deaf;
mod dispatch;
mod mask;
mod names;
mod pipe;
mod queue;
mod send;
mod sigpipe;
mod table;
mod terminal;
mod trap;

pub use alarm::{alarm, sleep};
pub use board::{due_word, take_over};
pub use dispatch::{Arrived, RunHandlers, current, dispatch, host, hosted, is_due, pause, wait_due};
pub use mask::{Set, block, mask, pending, set_mask, suspend, unblock};
pub use names::{name, names, number};
pub use pipe::fd;
pub use queue::{next, queue, wait};
pub use send::{Sent, kill, kill_all, sigqueue};
pub use table::{Disposition, Handler, Saved, default, disposition, front, handle, ignore, replaced, save};
pub use trap::{Fault, trap, trap_handle, trappable};

pub(crate) use board::word;
pub(crate) use deaf::{Deaf, deaf_for_child, forked};
#[cfg(feature = "capi")]
pub(crate) use dispatch::nothing_to_do;
pub(crate) use dispatch::{ask_host_at_times, cut_in_the_middle, interrupted, look, safe_point};
pub(crate) use sigpipe::{broken_pipe, without_sigpipe};
pub(crate) use table::{default_in_child, has_reaper, put_back, set_defaults, zombies_stay};
pub(crate) use terminal::Raw;
