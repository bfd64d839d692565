//! Which version this is, and what this kernel gives it.

use crate::sys;

/// The version as text.
pub const TEXT: &str = env!("CARGO_PKG_VERSION");

/// The version as a number to compare: major << 16 | minor << 8 | patch.
pub const NUMBER: u32 = number(TEXT);

const fn number(text: &str) -> u32 {
    let (bytes, mut at, mut parts, mut part) = (text.as_bytes(), 0, 0, 0);
    while at < bytes.len() {
        if bytes[at] == b'.' {
            parts = (parts << 8) | part;
            part = 0;
        } else {
            part = part * 10 + (bytes[at] - b'0') as u32;
        }
        at += 1;
    }
    (parts << 8) | part
}

/// Whether this kernel gives what a guarantee rests on; `None` for a word that names nothing. The words:
/// "clone3", "close-range", "pidfd", "pidfd-exit", "nowait", "nosignal".
pub fn has(feature: &str) -> Option<bool> {
    Some(match feature {
        "clone3" => sys::probe::clone3(),
        "close-range" => sys::probe::close_range(),
        "pidfd" => sys::probe::pidfd(),
        "pidfd-exit" => sys::probe::pidfd_exit(),
        "nowait" => sys::probe::nowait(),
        "nosignal" => sys::probe::nosignal(),
        _ => return None,
    })
}
