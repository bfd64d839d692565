//! Perl's interprocess communication, for Rust and, through a C ABI, for every language.

#![deny(unsafe_code)]
#![warn(missing_docs)]

mod block;
pub mod capture;
mod child;
mod cmd;
pub mod daemon;
pub mod error;
#[cfg(feature = "capi")]
pub mod ffi;
pub mod popen;
mod scan;
pub mod signal;
mod spawn;
mod status;
mod stream;
mod sys;
mod time;
mod user;
pub mod version;

pub use capture::Capture;
pub use child::{Child, Fork, How, Reach, fork, orphans, wait_any, wait_pid};
pub use cmd::{Cmd, Ended};
pub use error::{Error, Result};
pub use popen::Mode;
pub use status::Status;
pub use stream::{Canceler, Separator, Stream};
pub use time::Deadline;
pub use user::drop_privileges;
