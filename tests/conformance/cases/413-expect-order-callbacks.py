import re
import time

import perlipc as ipc

e = ipc.open_pty("echo alpha; sleep 0.3; echo beta; sleep 0.3; echo gamma", text=True, crlf=True)
prepared = ipc.Expect(["alpha", "beta", re.compile("gamma\r\n")])
s: list[str] = []
while len(s) == 0 or s[-1] != "G":
    s.append("ABG"[e.expect(prepared, timeout=5).index])
print(*s)
e.close()
e = ipc.open_pty('printf "one two"; sleep 1', text=True)
time.sleep(0.4)
m = e.expect(["two", "one"], timeout=3)
print(f"i={m.index + 1} before=[{m.before}]")
e.__exit__(KeyError)
