import perlipc as ipc

with ipc.open("-|", r'printf "a\nb\n"; sleep 0.2; printf "c"', text=True) as f:
    print("line:", f.readline(), end="")
    f.separator = None
    print("rest:", f.readline().replace("\n", "N"))
    end = f.readline()
    print("end:", f"'{end}'" if end else "undef")
    print(f"lines: {f.lineno}")
with ipc.open("-|", "true;", text=True) as f:
    f.separator = None
    print(f"records of nothing: {len(list(f))}")
