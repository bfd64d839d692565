import perlipc as ipc


def seen(fd, **options):
    return int(ipc.system(f"test -e /dev/fd/{fd}", **options).ok)


r, w = ipc.pipe()
print(f"r={seen(r.fileno())} w={seen(w.fileno())}")
both = {r.fileno(): r.fileno(), w.fileno(): w.fileno()}
print(f"raised: r={seen(r.fileno(), fds=both)} w={seen(w.fileno(), fds=both)}")
print(f"0={seen(0)} 1={seen(1)} 2={seen(2)}")
