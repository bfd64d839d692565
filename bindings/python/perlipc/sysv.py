"""The numbers of the System V calls, as Perl's IPC::SysV has them; the limits and the objects of this system.

>>> from perlipc.sysv import IPC_PRIVATE, IPC_RMID
>>> import perlipc as ipc
>>> id = ipc.shmget(IPC_PRIVATE, 2000, 0o600)
>>> ipc.shmwrite(id, b"Message #1", 0, 60)
>>> ipc.shmread(id, 0, 10)
b'Message #1'
>>> ipc.shmctl(id, IPC_RMID)
0
"""

from ._perlipc import ftok
from ._perlipc import ipc_limit as limit
from ._perlipc import ipc_list as objects

IPC_PRIVATE = 0
IPC_CREAT = 0o1000
IPC_EXCL = 0o2000
IPC_NOWAIT = 0o4000

IPC_RMID = 0
IPC_SET = 1
IPC_STAT = 2

GETPID = 11
GETVAL = 12
GETALL = 13
GETNCNT = 14
GETZCNT = 15
SETVAL = 16
SETALL = 17
SEM_UNDO = 0x1000

MSG_NOERROR = 0o10000
MSG_EXCEPT = 0o20000

__all__ = [
    "GETALL",
    "GETNCNT",
    "GETPID",
    "GETVAL",
    "GETZCNT",
    "IPC_CREAT",
    "IPC_EXCL",
    "IPC_NOWAIT",
    "IPC_PRIVATE",
    "IPC_RMID",
    "IPC_SET",
    "IPC_STAT",
    "MSG_EXCEPT",
    "MSG_NOERROR",
    "SEM_UNDO",
    "SETALL",
    "SETVAL",
    "ftok",
    "limit",
    "objects",
]
