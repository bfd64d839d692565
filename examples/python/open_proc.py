"""The manual's open_proc example: ten lines, one by one, through `cat -n` on a pseudo-terminal."""

import perlipc as ipc

with ipc.open_pty(["cat", "-n"], text=True) as proc:
    for _ in range(10):
        proc.sendline("a line")
        print("got back", proc.readline(), end="")
