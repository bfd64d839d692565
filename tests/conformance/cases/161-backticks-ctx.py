import errno

import perlipc as ipc

s = ipc.qx("printf 'a\\nb\\n'")
with ipc.open("-|", ["printf", "a\\nb\\n"]) as f:
    lines = list(f)
with ipc.open("-|", ["printf", "a\\nb\\n"]) as f:
    f.separator = None
    whole = list(f)
with ipc.open("-|", ["printf", "a\\nb\\n"]) as f:
    f.separator = 2
    twos = list(f)
print(len(s), len(lines), len(whole), len(twos))
for _ in range(2):
    try:
        ipc.qx("nosuch_xyz")
    except FileNotFoundError as e:
        print(f"ENOENT={int(e.errno == errno.ENOENT)}")
e = ipc.qx("true")
print(f"1[{e.decode()}] $?=0")
r = ipc.capture("exit 3;")
print(r.status.code, f"[{r.stdout.decode()}]")
