"""The manual's "time" client: how far the clocks of the hosts are from this one's, by TCP. A host may be host:port.

python tcp_time.py localhost
"""

import sys
import time

import perlipc as ipc

SECS_OF_70_YEARS = 2208988800

print(f"{'localhost':<24} {0:8} {time.ctime()}")
for name in sys.argv[1:]:
    host, _, port = name.partition(":")
    try:
        with ipc.tcp_connect(host, port or "time", timeout=10) as sock:
            answer = sock.read()
    except OSError as error:
        print(f"{name:<24} {error}")
        continue
    theirs = int.from_bytes(answer, "big") - SECS_OF_70_YEARS
    print(f"{name:<24} {theirs - int(time.time()):8} {time.ctime(theirs)}")
