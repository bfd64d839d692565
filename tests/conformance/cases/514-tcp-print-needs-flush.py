import perlipc as ipc

for af in False, True:
    a, b = ipc.socketpair()
    a.autoflush = af
    a.write(b"data\n")
    a.shutdown()
    print(f"af={int(af)} n={len(b.read1(99))}")
    try:
        a.close()
        print("close=1")
    except OSError:
        print("close=0")
