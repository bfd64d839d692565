import perlipc as ipc

write = ["dd", "if=/dev/zero", "of=big", "bs=4096", "count=2", "status=none"]
status = ipc.system(write, rlimits={"fsize": 4096})
print(f"signal={int(status) & 127}")
ipc.SIG["XFSZ"] = "IGNORE"
said = ipc.capture(write, rlimits={"fsize": 4096})
print(f"EFBIG={int(b'File too large' in said.stderr)}")
print(f"signal={int(said.status) & 127}")
