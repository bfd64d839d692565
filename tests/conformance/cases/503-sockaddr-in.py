import perlipc as ipc

s = ipc.pack_address("1.2.3.4:80")
print(len(s), s.hex())
ip, _, port = ipc.unpack_address(s).rpartition(":")
print(port, ip)
print(*(ipc.resolve(host)[0].rpartition(":")[0] for host in ("0.0.0.0", "127.0.0.1", "255.255.255.255")))
try:
    ipc.pack_address(f"0.0.0.0:{65536 + 80}")
except ValueError as e:
    print(e)
