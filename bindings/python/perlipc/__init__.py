"""Perl's interprocess communication for Python: pipe opens, safe subprocesses, and a status that is never lost.

Use it as `import perlipc as ipc`. Times are seconds, as float; None waits for ever, and each timeout bounds the whole
call. Everything is bytes, or str (UTF-8, surrogateescape) with text=True. A command is a str, which follows Perl's
shell rule, or a sequence, which never meets a shell.

Every call that starts a program takes these keywords: cwd, env (the whole environment), argv0, umask, fds (the
child's descriptors and yours), stdin, stdout, stderr ("null", "inherit", "close", "socket", "tty", "<path", ">path",
">>path", "&1", a file or a descriptor), user, group, groups, session, process_group, rlimits, die_with_parent, taint
(the checks of Perl's -T before each start), clean (a minimal environment), and grace (seconds between TERM and KILL
when a timeout ends it). The child gets 0, 1, 2 and what is named, nothing else.

For annotations perlipc.cmd has Command, Arg, Mode, Signal, Redirect and Options, perlipc.signal Handler and Disposition.

>>> import perlipc as ipc
>>> ipc.qx("echo hello | tr a-z A-Z", text=True)
'HELLO\\n'
>>> with ipc.open("seq 3 |") as numbers:
...     sum(map(int, numbers))
6
>>> numbers.status
Status(exited with 0)
"""

from . import sysv as sysv
from ._perlipc import (
    ArgvStream,
    Child,
    Dgram,
    Expect,
    FutexSemaphore,
    Listener,
    Lock,
    Match,
    MessageQueue,
    Poll,
    PrivateFifo,
    Result,
    Semaphore,
    ServerReport,
    Shared,
    SharedMem,
    Status,
    Stream,
    adopt,
    alarm,
    argv,
    capture,
    clean_environment,
    dgram_pair,
    drop_privileges,
    flock,
    ftok,
    host_name,
    is_fifo,
    is_socket,
    kill,
    mkfifo,
    msgctl,
    msgget,
    msgrcv,
    msgsnd,
    open_fifo,
    open_pty,
    orphans,
    pack_address,
    pipe,
    pipeline,
    protocol_name,
    protocol_number,
    qx,
    resolve,
    semctl,
    semget,
    semop,
    serve,
    service_name,
    service_port,
    shmctl,
    shmget,
    shmread,
    shmwrite,
    socketpair,
    start,
    system,
    taint_check,
    tcp_connect,
    tcp_listen,
    udp,
    unix_connect,
    unix_dgram,
    unix_listen,
    unpack_address,
    waitpid,
)
from ._perlipc import exec as exec
from ._perlipc import select as select
from ._perlipc import sleep as sleep
from ._perlipc import wait as wait
from .child import fork
from .cmd import Options
from .daemon import daemonize
from .error import ChildError, CommandTimeout
from .expect import EOF, ExpectEOF, ExpectTimeout
from .popen import Duplex, fork_open, fork_open2, fork_open3, open2, open3
from .popen import open as open
from .signal import SIG, SignalTable, local, trap

# Without those whose names are Python's own: open, exec, select, sleep, wait.
__all__ = [
    "ArgvStream",
    "Child",
    "ChildError",
    "CommandTimeout",
    "Dgram",
    "Duplex",
    "EOF",
    "Expect",
    "ExpectEOF",
    "ExpectTimeout",
    "FutexSemaphore",
    "Listener",
    "Lock",
    "Match",
    "MessageQueue",
    "Options",
    "Poll",
    "PrivateFifo",
    "Result",
    "SIG",
    "Semaphore",
    "ServerReport",
    "Shared",
    "SharedMem",
    "SignalTable",
    "Status",
    "Stream",
    "adopt",
    "alarm",
    "argv",
    "capture",
    "clean_environment",
    "daemonize",
    "dgram_pair",
    "drop_privileges",
    "flock",
    "fork",
    "fork_open",
    "fork_open2",
    "fork_open3",
    "ftok",
    "host_name",
    "is_fifo",
    "is_socket",
    "kill",
    "local",
    "mkfifo",
    "msgctl",
    "msgget",
    "msgrcv",
    "msgsnd",
    "open2",
    "open3",
    "open_fifo",
    "open_pty",
    "orphans",
    "pack_address",
    "pipe",
    "pipeline",
    "protocol_name",
    "protocol_number",
    "qx",
    "resolve",
    "semctl",
    "semget",
    "semop",
    "serve",
    "service_name",
    "service_port",
    "shmctl",
    "shmget",
    "shmread",
    "shmwrite",
    "socketpair",
    "start",
    "system",
    "taint_check",
    "tcp_connect",
    "tcp_listen",
    "trap",
    "udp",
    "unix_connect",
    "unix_dgram",
    "unix_listen",
    "unpack_address",
    "waitpid",
]
