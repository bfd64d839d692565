import errno

import perlipc as ipc


def attempt(call):
    try:
        call()
        return 1, 0
    except OSError as e:
        return 0, int(e.errno == errno.EPIPE)


ipc.SIG["PIPE"] = "IGNORE"
r, w = ipc.pipe()
w.autoflush = False
r.close()
p, _ = attempt(lambda: w.write(b"x"))
c, epipe = attempt(w.close)
print(f"print={p} close={c} EPIPE={epipe}")
r, w = ipc.pipe()
r.close()
p, epipe = attempt(lambda: w.write(b"x"))
c, _ = attempt(w.close)
print(f"autoflush print={p} EPIPE={epipe} close={c}")
