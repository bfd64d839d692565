import errno
import os

import perlipc as ipc


def put(name, mode, text):
    with open(name, "w") as o:
        o.write(text)
    os.chmod(name, mode)


put("plain", 0o644, "echo no\n")
os.mkdir("dir")
put("lost", 0o755, "#!/no/such/interpreter\n")
put("bare", 0o755, "echo bare $1\n")
for c in "./plain", "./dir", "./lost", "./bare":
    try:
        with ipc.open("-|", [c, "a"], text=True) as f:
            print(f"{c}: runs: {f.read()}", end="")
    except OSError as e:
        print(f"{c}: EACCES={int(e.errno == errno.EACCES)} ENOENT={int(e.errno == errno.ENOENT)}")
