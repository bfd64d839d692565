"""A named pipe: the manual has mknod(1) make it, or mkfifo(1) where that fails. One call here, for the user alone, and what
stands there already is an error.
"""

import sys

import perlipc as ipc

path = sys.argv[1] if len(sys.argv) > 1 else "fifo"
try:
    ipc.mkfifo(path)
except OSError as error:
    sys.exit(str(error))
print(path, "is a named pipe" if ipc.is_fifo(path) else "is something else")
try:
    ipc.mkfifo(path)
except FileExistsError:
    print("a second time: File exists")
