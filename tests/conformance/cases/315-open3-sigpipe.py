import errno

import perlipc as ipc

ipc.SIG["PIPE"] = print
kid = ipc.open3("exit 0;")
kid.reader.read()
st = kid.child.wait()
try:
    kid.writer.write(b"too late\n")
except OSError as e:
    print(f"print=0 EPIPE={int(e.errno == errno.EPIPE)} code={st.code}")
