import perlipc as ipc

l = ipc.tcp_listen("127.0.0.1", 0)
c = [ipc.tcp_connect("127.0.0.1", l.port) for _ in range(3)]
for n in range(3):
    c[n].write(b"msg%d\n" % n)
c[2].close()
accepted = ended = echoed = 0
handles = [l]
while ended < 1 or accepted < 3 or echoed < 3:
    for h in ipc.select(handles, timeout=5)[0]:
        if h is l:
            handles.append(l.accept())
            accepted += 1
        elif data := h.read1(99):
            echoed += 1
            try:
                h.write(data.upper())
            except BrokenPipeError:
                pass
        else:
            handles.remove(h)
            h.close()
            ended += 1
print(f"accepted={accepted} ended={ended} echoed={echoed} left={len(handles)}")
print(c[0].readline().decode() + c[1].readline().decode(), end="")
