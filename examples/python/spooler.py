"""What is written to a pipe open: the manual's open(SPOOLER, "| cat -v | lpr -h 2>/dev/null").

No handler for PIPE is needed: a broken pipe is a BrokenPipeError of the write. check=True makes a bad end an error of the
close, which the manual's `close SPOOLER || die` never sees.
"""

import sys

import perlipc as ipc

try:
    with ipc.open("| cat -v | lpr -h 2>/dev/null", check=True, text=True) as spooler:
        spooler.write("stuff\n")
except BrokenPipeError:
    sys.exit("spooler pipe broke")
except ipc.ChildError as error:
    sys.exit(f"bad spool: {error.status}")
