import errno
import socket

import perlipc as ipc


def tried(call, *args):
    try:
        result = call(*args)
        return "set" if result is None else result
    except OSError as e:
        return "EOPNOTSUPP" if e.errno == errno.EOPNOTSUPP else errno.errorcode[e.errno]
    except ValueError:
        return "refused"


s = ipc.adopt(socket.socket().detach())
for n in "reuseaddr", "keepalive", "broadcast":
    print(n, s.option(n), tried(s.set_option, n, 1), s.option(n), "5", tried(s.set_option, n, 5), s.option(n),
          "0", tried(s.set_option, n, 0), s.option(n))
print("type", s.option("type"), tried(s.set_option, "type", 1))
print("linger", s.option("linger"), tried(s.set_option, "linger", 7), s.option("linger"))
print("sndbuf", tried(s.set_option, "sndbuf", 1), "least", int(s.option("sndbuf") > 1),
      tried(s.set_option, "sndbuf", 10000), s.option("sndbuf"))
print("keepidle", tried(s.set_option, "keepidle", 0), tried(s.set_option, "keepidle", 30), s.option("keepidle"),
      "ttl", tried(s.set_option, "ttl", 300), tried(s.set_option, "ttl", 5), s.option("ttl"))
a, b = ipc.socketpair()
r, w = ipc.pipe()
print("unix nodelay", tried(a.set_option, "nodelay", 1), "pipe", tried(r.option, "type"))
