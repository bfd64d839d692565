//! Giving up privileges for good.

use pyo3::prelude::*;

use crate::error::raise;

/// Gives up the privileges of this process, all its threads, for good: supplementary groups, group, user, in this
/// order, real, effective and saved, and each read back. Names or numbers; a user alone brings its own groups.
///
/// For a forked child that never execs, and for daemons; a program that is started has the options user and group.
/// Raises PermissionError where this process may not, ValueError for names that nobody has. Does not block, but for
/// the system's lookup of names. Perl: ($EUID, $EGID) = ($UID, $GID), which leaves a way back; this leaves none.
#[pyfunction]
#[pyo3(signature = (user, group = None))]
pub(crate) fn drop_privileges(user: &Bound<'_, PyAny>, group: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
    let text = |value: &Bound<'_, PyAny>| value.str()?.extract::<String>();
    let group = group.map(text).transpose()?;
    perlipc::drop_privileges(&text(user)?, group.as_deref()).map_err(|error| raise(user.py(), error))
}
