import perlipc as ipc

loop = ["perl", "-e", '$|=1; print "x\n" while 1']
trap = ["perl", "-e", '$SIG{PIPE}=sub{exit 0}; $|=1; print "x\n" while 1']
for command in loop, trap:
    f = ipc.open("-|", command)
    f.readline()
    st = f.close()
    print(f"[{'1' if st.ok else ''}] {int(st)}")
