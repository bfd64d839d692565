"""A writer to a command that does not exist: open(FH, "|bogus"); print FH "bang\\n"; close FH;

Where the command is run directly, it is the open that fails. Behind a shell nobody can know before the shell has failed:
then the write may be a BrokenPipeError, and the status is the shell's 127. No signal either way.
"""

import perlipc as ipc

try:
    ipc.open("|bogus")
except FileNotFoundError as error:
    print("open:", str(error.strerror).removeprefix("exec: "))

fh = ipc.open("|bogus 2>/dev/null; exit $?", text=True)
try:
    while True:  # until the shell has gone
        fh.write("bang\n")
except BrokenPipeError:
    print("print: Broken pipe")
print("close:", fh.close())
