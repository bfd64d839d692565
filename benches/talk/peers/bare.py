"""The interpreter's own system calls, and nothing around them: what Python itself costs."""

import os
import subprocess

import talk
import timing as t


def echo():
    with subprocess.Popen(talk.ECHO, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as kid:
        writer, reader = kid.stdin.fileno(), kid.stdout.fileno()

        def some():
            for _ in range(talk.SOME):
                os.write(writer, talk.LINE)
                if len(os.read(reader, 4096)) != 32:
                    raise SystemExit("line")

        t.often(some, talk.SOME)


t.main({"echo": echo})
