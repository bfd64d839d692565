//! Users and groups by name or number, and giving up privileges for good.

use std::ffi::CString;

use nix::unistd::{Gid, Group, Uid, User};

use crate::error::{Error, Result};
use crate::sys;

/// Who a process shall be.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ids {
    pub(crate) uid: Option<u32>,
    pub(crate) gid: Option<u32>,
    pub(crate) groups: Vec<u32>,
    pub(crate) set_groups: bool,
}

fn number(text: &str) -> Option<u32> {
    // u32::MAX is "leave it as it is" to the kernel, and no user.
    text.parse().ok().filter(|id| *id != u32::MAX)
}

fn lookup<T>(kind: &'static str, name: &str, found: nix::Result<Option<T>>) -> Result<T> {
    match found {
        Ok(Some(found)) => Ok(found),
        Ok(None) => Err(Error::invalid(kind, format!("no such {kind}: {name}"))),
        Err(errno) => Err(Error::at(kind, name, errno as i32)),
    }
}

/// The number of a group, by its name or number.
pub(crate) fn gid(group: &str) -> Result<u32> {
    match number(group) {
        Some(gid) => Ok(gid),
        None => lookup("group", group, Group::from_name(group)).map(|group| group.gid.as_raw()),
    }
}

impl Ids {
    /// A user with the groups of the system's list; its own group unless another is given. A number that names no
    /// known user has no groups but the one given.
    pub(crate) fn of(user: Option<&str>, group: Option<&str>) -> Result<Ids> {
        let gid = group.map(gid).transpose()?;
        let Some(user) = user else {
            return Ok(Ids { uid: None, gid, groups: gid.into_iter().collect(), set_groups: false });
        };
        let known = match number(user) {
            Some(uid) => User::from_uid(Uid::from_raw(uid)).ok().flatten(),
            None => Some(lookup("user", user, User::from_name(user))?),
        };
        match known {
            Some(known) => {
                let gid = gid.unwrap_or(known.gid.as_raw());
                let name = CString::new(known.name).map_err(|_| Error::invalid("user", "a NUL in the user's name"))?;
                let groups = nix::unistd::getgrouplist(&name, Gid::from_raw(gid))
                    .map_err(|errno| Error::at("user", user, errno as i32))?;
                let groups = groups.into_iter().map(Gid::as_raw).collect();
                Ok(Ids { uid: Some(known.uid.as_raw()), gid: Some(gid), groups, set_groups: true })
            }
            None => {
                let uid = number(user);
                let Some(gid) = gid else {
                    return Err(Error::invalid("user", format!("{user} is no known user: say its group too")));
                };
                Ok(Ids { uid, gid: Some(gid), groups: vec![gid], set_groups: true })
            }
        }
    }

    /// Makes this process so, all its threads, for good; each step is read back.
    pub(crate) fn apply(&self) -> Result<()> {
        if self.set_groups {
            sys::process::set_groups_all(&self.groups).map_err(|errno| Error::os("setgroups", errno))?;
        }
        if let Some(gid) = self.gid {
            sys::process::set_gid_all(gid).map_err(|errno| Error::at("setgid", gid.to_string(), errno))?;
        }
        if let Some(uid) = self.uid {
            sys::process::set_uid_all(uid).map_err(|errno| Error::at("setuid", uid.to_string(), errno))?;
        }
        let (users, groups) = sys::process::ids();
        if self.uid.is_some_and(|uid| users != [uid; 3]) || self.gid.is_some_and(|gid| groups != [gid; 3]) {
            return Err(Error::os("read back", libc::EPERM));
        }
        if self.set_groups {
            let sorted = |mut groups: Vec<u32>| {
                groups.sort_unstable();
                groups.dedup();
                groups
            };
            let now = sys::process::groups().map_err(|errno| Error::os("getgroups", errno))?;
            if sorted(now) != sorted(self.groups.clone()) {
                return Err(Error::os("read back", libc::EPERM));
            }
        }
        Ok(())
    }
}

/// Gives up the privileges of this process, all its threads, for good: supplementary groups, group, user, in this
/// order, real, effective and saved, and each read back. For a forked child that never execs, and for daemons.
///
/// Perl's `($EUID, $EGID) = ($UID, $GID)` of the manual sets the user first, so that the group's half fails in silence,
/// and leaves a way back; this one neither.
pub fn drop_privileges(user: &str, group: Option<&str>) -> Result<()> {
    let ids = Ids::of(Some(user), group)?;
    if ids.uid == Some(0) {
        return Err(Error::invalid("user", "root has nothing to drop"));
    }
    ids.apply()
}
