import os

import perlipc as ipc

os.dup2(os.open("e", os.O_WRONLY | os.O_CREAT, 0o600), 2)
f = ipc.open("nosuchcmd_xyz <&0|")
print("ok")
print(len(list(f)), "lines")
st = f.close()
print(f"close=[{'1' if st.ok else ''}] st={st.code} errno=0")
print("sh complained:", int(b"nosuchcmd_xyz" in open("e", "rb").read()))
