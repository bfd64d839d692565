import perlipc as ipc

h = ipc.open("echo $$; exit 0|")
print(f"read: {int(int(h.readline()) == h.child.pid)}")
h = ipc.open("|-", "echo $$ > pid; cat")
h.close()
print(f"write: {int(int(open('pid').read()) == h.child.pid)}")
h = ipc.open("-|", ["sh", "-c", "echo $$"])
print(f"list: {int(int(h.readline()) == h.child.pid)}")
print(f"alive: {ipc.kill(0, h.child)}")
h.close()
print(f"gone: {ipc.kill(0, h.child)}")
