//! What the three kinds of System V objects have in common: keys, owners, limits, and the list of all that exist.
//!
//! An object belongs to the system, not to a process: it stays until somebody removes it. So here, attaching never
//! destroys and no value removes anything when it is dropped: who creates, removes.

use std::path::Path;

use crate::error::{Error, Result};
use crate::sys;

/// The key of an object that no key shall find: each get makes a new one.
pub const PRIVATE: i32 = libc::IPC_PRIVATE;
/// Make it if there is none (`get`).
pub const CREATE: i32 = libc::IPC_CREAT;
/// EEXIST if there is one (`get`, with [`CREATE`]).
pub const EXCLUSIVE: i32 = libc::IPC_EXCL;
/// Do not wait: EAGAIN or ENOMSG.
pub const NO_WAIT: i32 = libc::IPC_NOWAIT;

/// A key from a file and a number, the same for everybody who names the same file: the low bits of its device and
/// inode, so that two files can have the same key.
pub fn ftok(path: impl AsRef<Path>, id: u8) -> Result<i32> {
    use std::os::unix::ffi::OsStrExt;
    let path = path.as_ref().as_os_str().as_bytes();
    let name = std::ffi::CString::new(path).map_err(|_| Error::invalid("ftok", "a NUL in the path"))?;
    let file = sys::files::stat(&name).map_err(|errno| Error::at("ftok", path, errno))?;
    let key = (u32::from(id) << 24) | ((file.st_dev as u32 & 0xff) << 16) | (file.st_ino as u32 & 0xffff);
    Ok(key as i32)
}

/// A key from a name, the same in every process and language: 32 bits of a hash (FNV-1a), never [`PRIVATE`]. What
/// answers to it was perhaps made by somebody else: the calls that take a name check who.
pub fn key(name: &str) -> i32 {
    let hash = name.bytes().fold(0x811c_9dc5u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    if hash == 0 { 1 } else { hash as i32 }
}

/// Whose an object is, who made it, and who may use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// The key that finds it; 0 when none does.
    pub key: i32,
    /// The user it belongs to.
    pub uid: u32,
    /// The group it belongs to.
    pub gid: u32,
    /// The user who made it; this one never changes.
    pub creator_uid: u32,
    /// The group of its maker.
    pub creator_gid: u32,
    /// Permissions, as a file's: 0600.
    pub mode: u32,
    /// Tells it from those that had its place before.
    pub sequence: u16,
}

impl Owner {
    pub(crate) fn of(perm: &libc::ipc_perm) -> Owner {
        Owner {
            key: perm.__key,
            uid: perm.uid,
            gid: perm.gid,
            creator_uid: perm.cuid,
            creator_gid: perm.cgid,
            mode: u32::from(perm.mode) & 0o777,
            sequence: perm.__seq,
        }
    }

    /// An object found by a name must be of our own making, or root's.
    pub(crate) fn trusted(&self, step: &'static str, name: &str) -> Result<()> {
        if may_trust(self.creator_uid) {
            return Ok(());
        }
        Err(Error::at(step, format!("{name} (made by uid {})", self.creator_uid), libc::EACCES))
    }
}

pub(crate) fn may_trust(uid: u32) -> bool {
    let ([_, me, _], _) = sys::process::ids();
    uid == 0 || uid == me
}

/// What IPC_SET changes; what is `None` stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Change {
    /// The user it belongs to.
    pub uid: Option<u32>,
    /// The group it belongs to.
    pub gid: Option<u32>,
    /// Permissions.
    pub mode: Option<u32>,
    /// How many bytes a queue holds.
    pub queue_bytes: Option<u64>,
}

impl Change {
    pub(crate) fn apply(&self, perm: &mut libc::ipc_perm) {
        perm.uid = self.uid.unwrap_or(perm.uid);
        perm.gid = self.gid.unwrap_or(perm.gid);
        // Only the nine permission bits exist.
        perm.mode = self.mode.map_or(perm.mode, |mode| (mode & 0o777) as _);
    }
}

// ---- why not ----

fn number_in(file: &str, at: usize) -> Option<u64> {
    let path = std::ffi::CString::new(format!("/proc/sys/kernel/{file}")).ok()?;
    let mut room = [0; 256];
    let len = sys::small_file(&path, &mut room).ok()?;
    std::str::from_utf8(room.get(..len)?).ok()?.split_ascii_whitespace().nth(at)?.parse().ok()
}

/// The names that [`limit`] knows.
pub const LIMIT_NAMES: [&str; 10] =
    ["semmsl", "semmns", "semopm", "semmni", "shmmax", "shmall", "shmmni", "msgmax", "msgmnb", "msgmni"];

/// A limit of this system by its name: semmsl semmns semopm semmni, shmmax shmall shmmni, msgmax msgmnb msgmni.
pub fn limit(name: &str) -> Option<u64> {
    match LIMIT_NAMES.iter().position(|known| *known == name)? {
        // Four in one file.
        at @ 0..4 => number_in("sem", at),
        _ => number_in(name, 0),
    }
}

/// The error of a limit that was met.
pub(crate) fn beyond(step: &'static str, name: &'static str, errno: i32) -> Error {
    match limit(name) {
        Some(value) => Error::Limit { step, limit: format!("{name} = {value}"), errno },
        None => Error::os(step, errno),
    }
}

/// The error of a call on the object `id`. That it is gone gets a text of its own.
#[cold]
pub(crate) fn failed<K: sys::sysv::Kind>(step: &'static str, id: i32, errno: i32) -> Error {
    let gone = match errno {
        libc::EIDRM => true,
        // Of a bad argument, or of an id that means nothing.
        libc::EINVAL => matches!(sys::sysv::stat::<K>(id), Err(libc::EINVAL | libc::EIDRM)),
        _ => false,
    };
    let path = id.to_string();
    if gone { Error::Removed { step, path: path.into(), errno } } else { Error::at(step, path, errno) }
}

/// What others removed while it was opened is opened once more: then it is ours to create.
pub(crate) fn opened<T>(open: impl Fn() -> Result<T>) -> Result<T> {
    loop {
        match open() {
            Err(Error::Removed { .. }) => {}
            other => return other,
        }
    }
}

/// The error of a `get`, with the key as it was given; and how much the object has, where it is less than was asked for.
pub(crate) fn no_get(step: &'static str, key: i32, errno: i32, size: impl FnOnce() -> Option<String>) -> Error {
    if key == PRIVATE {
        return Error::os(step, errno);
    }
    let has = (errno == libc::EINVAL).then(size).flatten().map(|size| format!(" (which has {size})"));
    Error::at(step, format!("{key:#x}{}", has.unwrap_or_default()), errno)
}

/// IPC_STAT as Perl has it, for the calls in Perl's voice.
pub(crate) fn stat_bytes<K: sys::sysv::Kind>(step: &'static str, id: i32) -> Result<Vec<u8>> {
    let stat = sys::sysv::stat::<K>(id).map_err(|errno| failed::<K>(step, id, errno))?;
    Ok(sys::sysv::stat_bytes::<K>(&stat).to_vec())
}

/// IPC_SET as Perl has it.
pub(crate) fn set_bytes<K: sys::sysv::Kind>(step: &'static str, id: i32, bytes: &[u8]) -> Result<()> {
    let Some(stat) = sys::sysv::stat_from::<K>(bytes) else {
        let (len, want) = (bytes.len(), size_of::<K::Stat>());
        return Err(Error::invalid(step, format!("bad arg length for {step}, is {len}, should be {want}")));
    };
    sys::sysv::set::<K>(id, &stat).map_err(|errno| failed::<K>(step, id, errno))
}

// ---- all of them ----

/// The three kinds of objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A set of semaphores.
    Semaphores,
    /// A shared memory segment.
    SharedMemory,
    /// A message queue.
    Queue,
}

impl Kind {
    /// "sem", "shm", "msg": what the calls begin with.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Semaphores => "sem",
            Kind::SharedMemory => "shm",
            Kind::Queue => "msg",
        }
    }
}

/// One object of the system, as [`list`] finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Object {
    /// Which kind.
    pub kind: Kind,
    /// Its id.
    pub id: i32,
    /// Whose it is.
    pub owner: Owner,
    /// How many semaphores, bytes of memory, or bytes in the queue.
    pub size: u64,
    /// How many attachments, or messages; 0 for semaphores.
    pub count: u64,
}

/// All objects of the system (of this IPC namespace) with their owners, whoever made them.
pub fn list() -> Result<Vec<Object>> {
    let kinds = [
        (Kind::Semaphores, c"/proc/sysvipc/sem", "semid", "nsems", ""),
        (Kind::SharedMemory, c"/proc/sysvipc/shm", "shmid", "size", "nattch"),
        (Kind::Queue, c"/proc/sysvipc/msg", "msqid", "cbytes", "qnum"),
    ];
    let mut found = Vec::new();
    for (kind, path, id, size, count) in kinds {
        let text = sys::whole_file(path).map_err(|errno| Error::at("list", path.to_bytes(), errno))?;
        let text = String::from_utf8_lossy(&text);
        let mut lines = text.lines();
        // The first line has the names of the columns.
        let names: Vec<&str> = lines.next().unwrap_or_default().split_ascii_whitespace().collect();
        found.extend(lines.filter_map(|line| {
            let fields: Vec<&str> = line.split_ascii_whitespace().collect();
            let field = |name: &str| fields.get(names.iter().position(|known| *known == name)?).copied();
            let number = |name: &str| field(name)?.parse::<u64>().ok();
            let id: i32 = field(id)?.parse().ok()?;
            let owner = Owner {
                key: field("key")?.parse().ok()?,
                uid: number("uid")? as u32,
                gid: number("gid")? as u32,
                creator_uid: number("cuid")? as u32,
                creator_gid: number("cgid")? as u32,
                mode: u32::from_str_radix(field("perms")?, 8).ok()? & 0o777,
                sequence: (id >> 15) as u16,
            };
            Some(Object { kind, id, owner, size: number(size)?, count: number(count).unwrap_or(0) })
        }));
    }
    Ok(found)
}

/// How many semaphores all sets have together.
pub(crate) fn semaphores_in_use() -> u64 {
    list().map_or(0, |all| all.iter().filter(|o| o.kind == Kind::Semaphores).map(|o| o.size).sum())
}
