"""The manual's "time" client by UDP: asks all hosts at once and waits for the answers. A host may be host:port.

python udp_time.py localhost
"""

import os
import sys
import time

import perlipc as ipc

SECS_OF_70_YEARS = 2208988800
WAIT = int(os.environ.get("UDP_TIME_WAIT_MS", "10000")) / 1000

count = 0
print(f"{'localhost':<24} {0:8} {time.ctime()}")
with ipc.udp() as sock:
    for name in sys.argv[1:]:
        host, _, port = name.partition(":")
        sock.send(b"0", ipc.resolve(host, port or "time", timeout=10)[0])
        count += 1
    try:
        while count:
            answer, sender = sock.recv(timeout=WAIT)
            theirs = int.from_bytes(answer, "big") - SECS_OF_70_YEARS
            print(f"{sender:<24} {theirs - int(time.time()):8} {time.ctime(theirs)}")
            count -= 1
    except TimeoutError:
        print(count, "unanswered")
sys.exit(count > 0)
