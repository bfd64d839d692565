import perlipc as ipc

seen = []
ipc.SIG["ALRM"] = seen.append
ipc.alarm(0.1)
status = ipc.system("sleep 0.3; exit 4")
print(f"system={status.code} g={len(seen)}")
ipc.alarm(0.1)
said = ipc.capture("echo a; sleep 0.3; echo b; exit 5", text=True)
print(f"x={said.stdout.replace(chr(10), ',')} status={said.status.code} g={len(seen)}")
