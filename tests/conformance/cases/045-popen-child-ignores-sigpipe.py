import os

import perlipc as ipc

os.dup2(os.open("/dev/null", os.O_WRONLY), 2)


def first_line(spec):
    with ipc.open("-|", spec) as f:
        f.readline()
    return f.status


st = first_line("yes")
print(f"direct: close=[{'1' if st.ok else ''}] st={int(st)} errno=0")
print(f"via sh: st={int(first_line('yes;'))}")
ipc.SIG["PIPE"] = "IGNORE"
print(f"PIPE ignored: st={int(first_line('yes'))}")
