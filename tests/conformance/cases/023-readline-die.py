import perlipc as ipc


class Late(Exception):
    pass


def late(_):
    raise Late("late")


r, w = ipc.pipe(text=True)
w.write("half,")
ipc.SIG["ALRM"] = late
try:
    ipc.alarm(0.3)
    r.readline()
except Late as e:
    print(f"first=undef error={e}")
w.write("the rest\n")
print(f"then={r.readline()}", end="")
