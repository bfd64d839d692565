import re

import perlipc as ipc


def type_in(keys: bytes, modes: str, command: str) -> None:
    pty = ipc.open_pty(["sh", "-c", f"stty {modes}; echo go; {command}"], echo=True, crlf=True)
    pty.readline()
    pty.write(keys)
    said = re.sub("[^ -~]", lambda m: f"<{ord(m[0]):02x}>", pty.read().decode())
    print(f"{modes}: {said} {int(pty.close())}")


type_in(b"abc\x7fd\n", "-echo", "head -1")
type_in(b"junk\x15ok\n", "-echo", "head -1")
type_in(b"one two\x17three\n", "-echo", "head -1")
type_in(b"part\x04\x04", "-echo", "cat")
type_in(b"\x04", "-echo", "cat; echo end")
type_in(b"a\r", "-echo", "head -1")
type_in(b"a\r\n", "-echo -icrnl", "head -1 | od -An -c")
type_in(b"\x16\x03\n", "-echo", "head -1 | od -An -c")
type_in(b"ab\x04", "raw -echo", "head -c 3 | od -An -c")
type_in(b"a\x7f\n", "echo", "head -1")
type_in(b"\x04", "echo", "head -1")
type_in(b"hidden\n", "-echo echonl", "head -1")
type_in(b"q\x03", "-echo", "exec cat")
