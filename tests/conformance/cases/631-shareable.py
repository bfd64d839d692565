import perlipc as ipc

n = ipc.Shared()
n.value = b"0"


def count():
    for _ in range(20):
        with n:
            n.write(str(int(n.value) + 1).encode())


for kid in [ipc.fork(count) for _ in range(2)]:
    kid.wait()
print(f"n={n.value.decode()}")
h = ipc.Shared()
ipc.fork(h.dump, {"answer": 42, "list": [1, 2]}).wait()
found = h.load()
print(f"answer={found['answer']} list={' '.join(map(str, found['list']))}")
