import perlipc as ipc

l = ipc.tcp_listen("127.0.0.1", 0)


def line(stream):
    try:
        x = stream.readline().decode().rstrip("\n")
        print(f"[{x}] no error" if x else "undef no error")
    except ConnectionResetError:
        print("undef RESET")
    except TimeoutError:
        print("undef timeout")


c, k = ipc.tcp_connect("127.0.0.1", l.port), l.accept()
k.write(b"one\ntw")
line(c)
k.set_option("linger", 0)
k.close()
line(c)
line(c)
c, k = ipc.tcp_connect("127.0.0.1", l.port), l.accept()
c.timeout = 0.05
k.write(b"half")
line(c)
k.write(b" more\n")
line(c)
