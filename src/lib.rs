//! Perl's interprocess communication for every language: this is the Rust crate that the C library and the Python
//! package stand on.
//!
//! ```
//! use std::time::Duration;
//! use perlipc::{Cmd, Deadline, capture, popen};
//!
//! # fn main() -> perlipc::Result<()> {
//! // Backticks: no full pipe stands in the way, and the status is never lost.
//! let said = capture::run(&Cmd::argv(["date", "+%Y"]), None, Deadline::NEVER)?;
//! assert!(said.status().success());
//!
//! // A pipe open, read line by line.
//! let mut users = popen::open("cut -d: -f1 /etc/passwd |")?;
//! while let Some(line) = users.readline()? {
//!     assert!(line.ends_with(b"\n"));
//! }
//! assert_eq!(users.close()?.map(|status| status.raw()), Some(0));
//!
//! // A time limit for the whole of it: the child's tree is ended, and what it said is there.
//! let slow = capture::run(&Cmd::shell("echo begun; sleep 60"), None, Deadline::after(Some(Duration::from_millis(200))))?;
//! assert!(slow.timed_out());
//! assert_eq!(slow.output(), b"begun\n");
//!
//! // What cannot be run is an error that names the step, the thing and the reason.
//! let error = Cmd::new("no-such-program").start().unwrap_err();
//! assert_eq!(error.to_string(), "exec no-such-program: No such file or directory");
//! # Ok(())
//! # }
//! ```
//!
//! - [`Cmd`] says what to run; [`Cmd::start`], [`Cmd::run`] (Perl's `system`), [`popen`], [`capture`] run it.
//! - A [`Child`] is held by its pidfd and never means a stranger; its [`Status`] is Perl's `$?`.
//! - A [`Stream`] is Perl's filehandle.
//! - [`signal`] is Perl's `%SIG`: deferred, so that a handler may do anything.
//! - [`Semaphore`], [`shm`] and [`SharedMem`], [`MessageQueue`] are the System V objects ([`sysv`]); a [`Lock`] survives its
//!   holder, a [`FutexSemaphore`] is the quicker semaphore, a [`Value`] is a variable that processes share.
//! - Each wait takes a [`Deadline`]; each failure is an [`Error`] with its step.
//!
//! Linux 5.10 and later with glibc, on x86-64. Features: `capi` (the C surface, on by default), `header` (writes the C
//! header), `faults` (tests make system calls fail).

#![deny(unsafe_code)]
#![warn(missing_docs)]

/// The README's Rust is a documentation test too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;

/// And the book's.
#[cfg(doctest)]
#[doc = include_str!("../docs/guides/time-limit.md")]
pub struct TimeLimit;

pub mod addr;
pub mod argv;
mod batch;
mod block;
pub mod capture;
mod child;
mod cmd;
pub mod daemon;
pub mod dgram;
pub mod error;
pub mod expect;
#[cfg(feature = "capi")]
pub mod ffi;
pub mod fifo;
mod flock;
pub mod futex;
pub mod interact;
mod listener;
mod lock;
pub mod msg;
pub mod pipeline;
pub mod poll;
pub mod popen;
pub mod pty;
mod scan;
pub mod sem;
pub mod server;
mod shared;
pub mod shm;
pub mod signal;
mod socket;
mod spawn;
mod status;
mod stream;
mod sys;
pub mod sysv;
pub mod taint;
pub mod tcp;
mod time;
pub mod unix;
mod user;
mod value;
pub mod version;
mod watch;

pub use addr::Addr;
pub use batch::Batch;
pub use capture::Capture;
pub use child::{Child, Fork, How, Reach, Tree, fork, fork_by, orphans, wait_any, wait_pid};
pub use cmd::{Cmd, Ended, System};
pub use dgram::Dgram;
pub use error::{Error, Result, Thing, text as error_text};
pub use expect::Expect;
pub use flock::{FlockMode, flock};
pub use futex::FutexSemaphore;
pub use interact::Interact;
pub use listener::{Listener, ListenerCanceler};
pub use lock::Lock;
pub use msg::MessageQueue;
pub use poll::{Events, Poll, PollCanceler};
pub use popen::Mode;
pub use sem::Semaphore;
pub use server::{Server, Stopper};
pub use shm::SharedMem;
pub use socket::Half;
pub use status::Status;
pub use stream::{Canceler, Separator, Stream};
#[cfg(feature = "faults")]
pub use sys::faults;
pub use time::Deadline;
pub use user::drop_privileges;
pub use value::Value;
