import perlipc as ipc


def ask(command):
    f = ipc.open("-|", command)
    real = int(f.readline())
    same = real == f.child.pid
    # The tree ends whole, whichever of the two is in front.
    f.child.kill("TERM", tree=True)
    f.close()
    return "same" if same else "other"


print("plain:", ask('sh -c "echo \\$\\$; exec sleep 5"; true'))
print("exec:", ask('exec sh -c "echo \\$\\$; exec sleep 5"'))
print("list:", ask(["sh", "-c", "echo $$; exec sleep 5"]))
