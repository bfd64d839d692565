"""The fork form: what is written to the stream, the kid finds in its standard input. $pid = open(KID_TO_WRITE, "|-");

Useful for safely opening a file when running under an assumed user or group: the kid gives up its privileges in the right
order, and for good. The manual's ($EUID, $EGID) = ($UID, $GID) sets the user first, and then may not set the group.
"""

import os
import sys

import perlipc as ipc

path = sys.argv[1] if len(sys.argv) > 1 else "kid_to_write.out"
for sleep_count in range(7):
    try:
        kid = ipc.fork_open("|-", text=True)
        break
    except BlockingIOError as error:
        print("cannot fork:", error, file=sys.stderr)
        ipc.sleep(10)
else:
    sys.exit("bailing out")

if kid is None:
    if os.geteuid() != os.getuid():  # set-user-id programs only
        ipc.drop_privileges(os.getuid())
    with open(path, "w") as file:
        for line in sys.stdin:  # the kid's stdin is the parent's kid
            file.write(line)
    os._exit(0)  # don't forget this

kid.write("some\ndata\n")
status = kid.close()
if status != 0:
    print("kid exited", status)
print("the kid wrote", os.path.getsize(path), "bytes")
