import perlipc as ipc

for host in (
    "127.0.0.1",
    "127.1",
    "0177.0.0.1",
    "0x7f.0.0.1",
    "2130706433",
    "localhost",
    "300.1.1.1",
    "1.2.3.4.5",
    " 127.0.0.1",
    "no.such.host.invalid",
):
    try:
        found = [addr.rpartition(":")[0] for addr in ipc.resolve(host) if not addr.startswith("[")][0]
    except (OSError, ValueError):
        found = "undef"
    print(f"'{host}'", found)
