"""Semaphores, shared memory and message queues, the lock and the semaphore on a futex."""

from area import MS, NS, OURS, US, Metric, Source

METRICS = {
    "sem_pair": Metric("take and give, nobody waits", "sem_pair", *NS, {"perlipc C": 1.03, "perlipc Python": 1.18}),
    "sem_pp1": Metric("ping-pong of two processes by two semaphores, one core", "sem_pp", *US,
                      {"perlipc C": 1.02, "perlipc Python": 1.12}, one_core=True),
    "lock_pair": Metric("robust lock, taken and given, against raw semop", "lock_pair", *NS, {"perlipc C": 0.10},
                        raw="sem_pair"),
    "futex_pair": Metric("futex semaphore, taken and given, against raw semop", "futex_pair", *NS, {"perlipc C": 0.10},
                         raw="sem_pair"),
    "futex_pp1": Metric("ping-pong by two futex semaphores, one core", "futex_pp", *US, one_core=True),
    "wr60": Metric("60 bytes written and read, attached", "wr60", *NS, {"perlipc C": 1.6, "perlipc Python": 22}),
    "wr60_id": Metric("the same by the segment's id", "wr60_id", *NS, {"perlipc C": 7}, raw="wr60"),
    "wr16m": Metric("16 MiB written and read", "wr16m", *MS, {"perlipc C": 1.02, "perlipc Python": 1.04}),
    "msg_self": Metric("64 bytes sent and received by oneself", "msg_self", *NS,
                       {"perlipc C": 1.03, "perlipc Python": 1.18}),
    "msg_pp1": Metric("ping-pong of 64 bytes by a queue, one core", "msg_pp", *US,
                      {"perlipc C": 1.02, "perlipc Python": 1.15}, one_core=True),
}

CONTENDERS = OURS | {
    "glibc": Source("peers/libc.c", ["-pthread"]),
    "sysv_ipc": Source("peers/sysv.py", needs=["sysv_ipc"]),
    "posix_ipc": Source("peers/posix.py", needs=["posix_ipc"]),
    "mp.shared_memory": Source("peers/multi.py"),
    "Perl": Source("peers/core.pl"),
    "Perl IPC::SysV": Source("peers/classes.pl", needs=["IPC::SysV"]),
}
