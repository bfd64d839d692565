//! Which version this is, and what this kernel gives it.

use std::ffi::c_char;

use super::{error, guard, text};
use crate::error::Error;
use crate::version;

/// The library's version as a number to compare: major << 16 | minor << 8 | patch, as PERLIPC_VERSION has it.
///
/// Returns: the number.
/// Errors: none.
/// Threads: any.
/// Blocks: no.
/// Perl: $^V.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_version() -> u32 {
    version::NUMBER
}

/// The library's version as text.
///
/// Returns: "0.1.0". Valid for ever.
/// Errors: none.
/// Threads: any.
/// Blocks: no.
/// Perl: $^V.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_version_string() -> *const c_char {
    error::interned(version::TEXT)
}

/// Whether this kernel gives what a guarantee rests on: "clone3", "close-range", "pidfd", "pidfd-exit" (the status
/// survives a stranger's waitpid), "nowait" (reads of pipes that cannot block), "nosignal" (writes without SIGPIPE).
/// Without one a slower way is taken; without "pidfd-exit" such a status is unknown.
///
/// Returns: 1 or 0.
/// Errors: PERLIPC_E_INVALID for an unknown word.
/// Threads: any.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_version_has(feature: *const c_char) -> i32 {
    guard(|| {
        // SAFETY: the caller's string.
        let feature = unsafe { text(feature, "version")? };
        match version::has(feature) {
            Some(has) => Ok(i32::from(has)),
            None => Err(Error::invalid("version", format!("no such feature: {feature}"))),
        }
    })
}
