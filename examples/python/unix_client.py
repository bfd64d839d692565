"""The manual's Unix client: prints what the server at a path says.

python unix_client.py /tmp/catsock
"""

import sys

import perlipc as ipc

with ipc.unix_connect(sys.argv[1] if len(sys.argv) > 1 else "/tmp/catsock", timeout=10) as sock:
    for line in sock:
        sys.stdout.write(line.decode())
