import perlipc as ipc

e = ipc.open_pty(["sh", "-c", "printf partial; sleep 2; printf done"], text=True)
try:
    e.expect("zzz", timeout=1)
except ipc.ExpectTimeout as timeout:
    print(f"undef 1:TIMEOUT before=[{timeout.before}]")
m = e.expect("done", timeout=5)
print(f"{m.index + 1} before=[{m.before}] match=[{m.match}]")
try:
    e.expect("zzz", timeout=5)
except ipc.ExpectEOF:
    print("undef eof-class")
e.close()
