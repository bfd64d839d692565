"""The manual's open2 example: ten lines to `cat -u -n` and back."""

import perlipc as ipc

reader, writer, pid = ipc.open2(["cat", "-u", "-n"], text=True)
for _ in range(10):
    writer.write("stuff\n")
    print(reader.readline(), end="")
writer.close()
reader.close()
