"""subprocess."""

import subprocess

import talk
import timing as t


def echo():
    with subprocess.Popen(talk.ECHO, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as kid:

        def some():
            for _ in range(talk.SOME):
                kid.stdin.write(talk.LINE)
                kid.stdin.flush()
                if len(kid.stdout.readline()) != 32:
                    raise SystemExit("line")

        t.often(some, talk.SOME)


t.main({
    "echo": echo,
    talk.FED: lambda: t.often(
        lambda: talk.check(subprocess.run(talk.CAT, input=talk.INPUT, stdout=subprocess.PIPE, check=True).stdout)
    ),
})
