import perlipc as ipc


class Clock(Exception):
    pass


def clock(_):
    raise Clock


try:
    try:
        with ipc.local(ipc.SIG, ALRM=clock):
            ipc.alarm(0.2)
            raise RuntimeError("real trouble")
    finally:
        ipc.alarm(0)
except Clock:
    print("lost")
except RuntimeError as e:
    print("propagated" if e.args == ("real trouble",) else f"lost: {e}")
print(f"left: {ipc.alarm(0):.0f}")
