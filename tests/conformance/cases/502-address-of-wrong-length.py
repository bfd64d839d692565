import perlipc as ipc

unix = ipc.pack_address("/x")
for data in b"abc", b"\2\0short", unix[:1], unix + bytes(200):
    try:
        print(ipc.unpack_address(data))
    except ValueError as e:
        print(e)
try:
    print(ipc.pack_address("abc:1"))
except ValueError as e:
    print(e)
