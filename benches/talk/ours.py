"""perlipc from Python, as a user would write it."""

import perlipc as ipc
import talk
import timing as t


def echo():
    with ipc.open2(talk.ECHO) as kid:
        reader, writer = kid.reader, kid.writer

        def some():
            for _ in range(talk.SOME):
                writer.write(talk.LINE)
                if len(reader.readline()) != 32:
                    raise SystemExit("line")

        t.often(some, talk.SOME)


def cat(**options):
    said = ipc.capture(talk.CAT, talk.INPUT, stderr="inherit", **options)
    talk.check(said.stdout)
    if not said.ok:
        raise SystemExit("status")


t.main({
    "echo": echo,
    talk.FED: lambda: t.often(cat),
    talk.FED_SOCKET: lambda: t.often(lambda: cat(stdin="socket", stdout="socket")),
})
