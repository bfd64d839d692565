import os

import perlipc as ipc


def kid():
    r, w = ipc.pipe()
    r.close()
    try:
        w.write(b"x")
    except BrokenPipeError as e:
        print("kid:", os.strerror(e.errno))
    w.close()
    print("survived")


status = ipc.fork(kid).wait()
print(f"signal={int(status) & 127} code={status.code}")
