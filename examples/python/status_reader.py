"""What netstat says of anything but TCP and UDP, line by line as it comes: open(STATUS, "netstat -an 2>&1 |").

The manual closes the wrong handle, SPOOLER; here it is the one that was read.
"""

import sys

import perlipc as ipc

try:
    with ipc.open("netstat -an 2>&1 |", check=True, text=True) as status:
        for line in status:
            if not line.startswith(("tcp", "udp")):
                print(line, end="")
except ipc.ChildError as error:
    sys.exit(f"bad netstat: {error.status}")
