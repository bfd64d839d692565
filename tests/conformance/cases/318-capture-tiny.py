import os

import perlipc as ipc


def code() -> int:
    print("p-out", flush=True)
    os.write(2, b"p-err\n")
    return ipc.system("echo c-out; echo c-err >&2; exit 3;").code


said = ipc.open3(code, text=True).communicate()
o, e = ("|".join(text.split()) for text in (said.stdout, said.stderr))
print(f"o=[{o}] e=[{e}] x={said.status.code}")
merged = ipc.open3("echo a; echo b >&2;", merge=True, text=True).communicate()
print("|".join(merged.stdout.split()))
