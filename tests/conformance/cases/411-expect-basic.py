import re

import perlipc as ipc

e = ipc.open_pty(["sh", "-c", 'printf "name? "; read n; echo "hi $n"; exit 3'], text=True, crlf=True)
m = e.expect(["nomatch", "name? "], timeout=5)
try:
    e.expect("nothing more", timeout=0)
except ipc.ExpectTimeout as timeout:
    after = timeout.before
print(f"i={m.index + 1} before=[{m.before}] match=[{m.match}] after=[{after}]")
e.sendline("bob")
m = e.expect(re.compile(r"hi (\w+)\r?\n"), timeout=5)
print(f"pos={m.index + 1} err=undef cap={m.groups[0]}")
m = e.expect(ipc.EOF, timeout=5)
print("eof callback")
print(f"idx={m.index + 1} err=undef")
print(e.close().code)
