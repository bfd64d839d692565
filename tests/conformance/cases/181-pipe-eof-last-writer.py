import perlipc as ipc

r, w = ipc.pipe()
kid = ipc.start(["sh", "-c", "printf hi"], stdout=w)
kid.wait()
print(len(r.read1(9)))
r.timeout = 1
try:
    print(f"n={len(r.read1(9))}")
except TimeoutError:
    print("blocked")
w.close()
print(f"after close n={len(r.read1(9))}")
