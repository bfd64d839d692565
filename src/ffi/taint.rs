//! Perl's taint checks.

use super::guard;
use crate::taint;

/// Checks this process as Perl's -T would before it runs a command: PATH with a directory that is relative, empty or
/// writable by everybody, IFS, CDPATH, ENV or BASH_ENV in the environment, TERM with odd characters, real and effective
/// ids that differ. The option "taint" of a command makes these checks, and that of its program, at each start; "clean"
/// gives it a minimal environment that passes them.
///
/// Perl follows each value from where it came; this looks at what a value holds.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INSECURE; ipc_error_last_text names the first thing that is not safe: "taint: Insecure directory in
/// $ENV{PATH}: ."
/// Threads: any, while none changes the environment.
/// Blocks: no; it looks at the directories of PATH.
/// Perl: -T
#[unsafe(no_mangle)]
pub extern "C" fn ipc_taint_check() -> i32 {
    guard(|| taint::check().map(|()| 0))
}
