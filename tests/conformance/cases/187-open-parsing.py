import perlipc as ipc

for s in "echo a|", "  echo b  |  ", "echo c |\n":
    with ipc.open(s) as f:
        print(f.read().decode(), end="", flush=True)
for s in "|cat", " | cat", "  |  cat  ":
    with ipc.open(s) as f:
        f.write(b"to cat\n")
for m in "x", "-", "||", "|":
    try:
        ipc.open(m, "true").close()
        print(f"{m}: opened")
    except ValueError:
        print(f"{m}: unknown mode")
