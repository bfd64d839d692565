"""The manual's timeout around a blocking call: an alarm whose handler raises. And the same by the call's own limit.

In Perl: eval { local $SIG{ALRM} = sub { die "alarm clock restart" }; alarm 10; flock(FH, 2); alarm 0; };
"""

import tempfile

import perlipc as ipc


class AlarmClockRestart(Exception):
    pass


def restart(signame: str) -> None:
    raise AlarmClockRestart


with tempfile.NamedTemporaryFile() as holder, open(holder.name) as file:
    ipc.flock(holder, "EX")
    try:
        with ipc.local(ipc.SIG, ALRM=restart):
            ipc.alarm(0.2)
            ipc.flock(file, "EX")  # blocking write lock
            ipc.alarm(0)
    except AlarmClockRestart:
        print("by the alarm: timed out")
    try:
        ipc.flock(file, "EX", timeout=0.2)
    except TimeoutError:
        print("by its limit: timed out")
