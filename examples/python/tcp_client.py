"""The manual's TCP client: prints what the server at HOST and PORT (number or service) says.

python tcp_client.py localhost 2345
"""

import sys

import perlipc as ipc

host = sys.argv[1] if len(sys.argv) > 1 else "localhost"
port = sys.argv[2] if len(sys.argv) > 2 else "2345"
with ipc.tcp_connect(host, port, timeout=10) as sock:
    for line in sock:
        sys.stdout.write(line.decode())
