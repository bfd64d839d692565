import perlipc as ipc

ran = ipc.open3("nosuch_xyz a;", text=True).communicate()
print(f"complains: {int('nosuch_xyz' in ran.stderr)}")
print("no error")
print(f"code={ran.status.code}")
