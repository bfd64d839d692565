import perlipc as ipc

f = ipc.open("|-", "sleep 0.3; wc -c")
n = 0
for _ in range(100):
    n += f.write(b"x" * 10000)
print(f"printed {n}", flush=True)
st = f.close()
print(f"close={int(st.ok)}")
i = ipc.open("-|", "head -c 500000 /dev/zero")
ipc.sleep(0.1)
every = i.read()
print(f"read {len(every)} close={int(i.close().ok)}")
