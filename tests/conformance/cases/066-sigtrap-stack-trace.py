import os

import perlipc as ipc


def kid():
    os.dup2(os.open("err", os.O_WRONLY | os.O_CREAT, 0o600), 2)
    ipc.trap("TERM")
    ipc.kill("TERM", os.getpid())
    print("not reached")


status = ipc.fork(kid).wait()
print(f"signal={int(status) & 127} code={int(status) >> 8}")
print(f"names it: {int('TERM' in open('err').read())}")
