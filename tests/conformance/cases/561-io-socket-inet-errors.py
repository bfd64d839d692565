import re

import perlipc as ipc

with ipc.tcp_listen("127.0.0.1", 0) as listener:
    port = listener.port
for host, service in ("127.0.0.1", port), ("no.such.host.invalid", 80), ("127.0.0.1", "nosuchsvc"):
    try:
        ipc.tcp_connect(host, service)
        print(1)
    except OSError as e:
        text = re.sub(r":\d+", ":N", str(e))
        # What the resolver says of a name without a network differs from place to place.
        print(0, type(e).__name__, "names the host" if host.startswith("no") and host in text else text)
try:
    ipc.protocol_number("nosuchproto")
except OSError as e:
    print(0, type(e).__name__, e)
