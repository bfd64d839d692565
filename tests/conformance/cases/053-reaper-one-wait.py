import perlipc as ipc

got = []
ipc.SIG["CHLD"] = lambda _: got.append(ipc.wait())
with ipc.SIG.block("CHLD"):
    p = [ipc.fork(lambda n=n: n) for n in (1, 2)]
    ipc.sleep(0.2)
print(f"reaped by the handler: {len(got)}")
left, _ = ipc.wait(timeout=0)
print(f"left: {int(left in [kid.pid for kid in p])}")
try:
    ipc.wait(timeout=0)
except ChildProcessError:
    print("then: -1 ECHILD=1")
