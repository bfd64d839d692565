import os
import signal

import perlipc as ipc

# A handler of Python's gets the name alone; who asks for the sender takes the signal himself.
for safe in 0, 1:
    with ipc.SIG.block("USR1"):
        ipc.kill("USR1", os.getpid())
        info = signal.sigwaitinfo({signal.SIGUSR1})
    mine, user = int(info.si_pid == os.getpid()), int(info.si_uid == os.getuid())
    print(f"safe={safe} {ipc.SIG.signame[info.si_signo]} pid is mine: {mine} uid is mine: {user}")
