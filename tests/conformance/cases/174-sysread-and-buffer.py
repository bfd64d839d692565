import perlipc as ipc

with ipc.open("-|", r'printf "one\ntwo\n"; sleep 0.3; printf "three\n"', text=True) as f:
    ipc.sleep(0.1)
    print("readline:", f.readline(), end="")
    print("sysread:", f.read1(99), end="")
    print("readline:", f.readline(), end="")
