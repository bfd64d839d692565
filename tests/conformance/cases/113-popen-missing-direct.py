import errno

import perlipc as ipc

forms = [
    ("nosuchcmd_xyz|",),
    ("|nosuchcmd_xyz",),
    ("-|", "nosuchcmd_xyz a b"),
    ("-|", ["nosuchcmd_xyz", "a"]),
    ("|-", ["./nosuch/cmd", "a"]),
]
for form in forms:
    try:
        ipc.open(*form)
    except OSError as e:
        left = -1
        try:
            left, _ = ipc.wait()
        except ChildProcessError:
            pass
        print(0, f"ENOENT={int(e.errno == errno.ENOENT)} left={left}")
