import perlipc as ipc

for spec in ["|", "| ", " |"]:
    try:
        ipc.open(spec)
    except (OSError, ValueError) as e:
        print(e)
for command in ["", "   "]:
    try:
        ipc.open("-|", command)
    except (OSError, ValueError) as e:
        print(e)
