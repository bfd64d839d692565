import os

import perlipc as ipc

listener = ipc.tcp_listen("127.0.0.1", 0)
port = listener.port
srv = ipc.fork()
if srv is None:
    reaped = eintr = 0

    def log(event, pid, status, text):
        global reaped, eintr
        reaped += event == "end"
        eintr += event == "error"
        # Stops when the third has been served.
        if reaped == 3:
            os.kill(os.getpid(), 15)

    report = ipc.serve(listener, 'read l; echo "served $l"', log=log)
    print(f"reaped={reaped} eintr>0={int(eintr > 0)}", flush=True)
    os._exit(0 if report.ok == 3 else 1)
listener.close()
said = []
for i in range(1, 4):
    c = ipc.tcp_connect("127.0.0.1", port)
    c.write(b"req%d\n" % i)
    said.append(c.readline().decode())
    said.append("more\n" if c.readline() else "eof\n")
    c.close()
status = srv.wait()
# After the server's line, as perl's buffer has it.
print("".join(said), end="")
print(f"srv st={int(status)}")
