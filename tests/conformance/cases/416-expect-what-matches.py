import re

import perlipc as ipc


def spawn() -> ipc.Stream[str]:
    return ipc.open_pty(["printf", "hello 42 world."], raw=True, text=True)


for pattern in "(?i)HELLO", "h.*?l", "l+", "[^h]+", "(a|he)(l)", r"\d{2,}", r"\bwor", "o(x)?( )", "zz|42|he":
    with spawn() as e:
        m = e.expect(re.compile(pattern), timeout=5)
        groups = ["undef" if group is None else group for group in m.groups]
        print(f"{pattern}: {m.index + 1}", "|".join([m.before, m.match, *groups]))
for text in "l+", ".", "o 4":
    with spawn() as e:
        try:
            m = e.expect(text, timeout=5)
            print(f"{text}: {m.index + 1} [{m.before}]")
        except ipc.ExpectEOF as end:
            print(f"{text}: undef [{end.before}]")
with spawn() as e:
    m = e.expect(["zz", "world", "hello"], timeout=5)
    print(f"{m.index + 1} [{m.before}]")
    m = e.expect(["hello", "."], timeout=5)
    print(f"{m.index + 1} [{m.before}]")
