"""The manual's Unix server: a greeting and then a fortune (or the date) for each client, until TERM.

python unix_server.py /tmp/catsock
"""

import sys

import perlipc as ipc

try:
    listener = ipc.unix_listen(sys.argv[1] if len(sys.argv) > 1 else "/tmp/catsock")
except OSError as error:
    sys.exit(str(error))
print("server started on", listener.address, flush=True)
greeting = """echo "Hello there, it's now `date`"; [ ! -x /usr/games/fortune ] || exec /usr/games/fortune; date"""
print(ipc.serve(listener, greeting, drain=("TERM", 5.0)), flush=True)
