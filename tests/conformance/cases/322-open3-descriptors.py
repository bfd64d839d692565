import os

import perlipc as ipc

with open("in", "w") as o:
    o.write("1\n2\n")
os.dup2(os.open("in", os.O_RDONLY), 0)
kid = ipc.open3('read x; echo "got $x"; echo err >&2', stdin=0, text=True)
print(kid.reader.read() + kid.error.read(), end="", flush=True)
kid.close()
kid = ipc.open3("cat; echo E >&2", stdin=open("in"), stdout=1, text=True)
errors = kid.error.read()
print(errors + str(int(kid.close())))
with open("log", "w") as log:
    kid = ipc.open3("cat; echo both >&2; echo last", stdout=log, stderr=log, text=True)
kid.writer.write("text\n")
kid.close()
print(open("log").read(), end="")
try:
    ipc.open3(["cat"], merge=True, stdin=99)
    print("started")
except OSError as error:
    print("refused", error.errno)
ipc.SIG["PIPE"] = lambda name: print("PIPE")
kid = ipc.open3("exec 0<&-; echo closed; read x; exit 1", merge=True, text=True)
print(kid.reader.readline(), end="")
try:
    print(kid.writer.write("x"))
except BrokenPipeError:
    print("EPIPE=1")
print(kid.child.wait().code)
