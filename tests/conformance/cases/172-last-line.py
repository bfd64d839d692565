import perlipc as ipc

with ipc.open("-|", "printf 'one\\n\\nthree'", text=True) as f:
    while not f.eof():
        line = f.readline()
        print(f"{f.lineno}: [{line.rstrip(chr(10))}] chomped {line.count(chr(10))}")
    print("more" if f.readline() else "end")
print(f"close={int(f.status.ok)}")
