"""Perl's -S: whether a path is a socket.

python socket_test.py /dev/log
"""

import sys

import perlipc as ipc

path = sys.argv[1] if len(sys.argv) > 1 else "/dev/log"
if not ipc.is_socket(path):
    sys.exit(f"something's wicked with {path}: it is no socket")
print(path, "is a socket")
