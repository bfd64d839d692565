import perlipc as ipc

data = b"x" * 400000
ran = ipc.open2("cat").communicate(data)
print(f"in {len(data)} out {len(ran.stdout)} code={ran.status.code}")
