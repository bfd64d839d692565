//! Perl's interprocess communication, for Rust and, through a C ABI, for every language.

#![deny(unsafe_code)]
#![warn(missing_docs)]

mod block;
mod child;
mod cmd;
mod error;
pub mod signal;
mod spawn;
mod status;
mod sys;
mod time;
mod user;

pub use child::*;
pub use cmd::Cmd;
pub use error::{Error, Result};
pub use status::Status;
pub use time::Deadline;
pub use user::drop_privileges;
