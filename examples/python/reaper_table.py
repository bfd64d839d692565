"""The manual's second REAPER: all that have ended, with their statuses in a table, beside a pipe open and a system."""

import perlipc as ipc

kid_status: dict[int, ipc.Status] = {}


def reaper(signame: str) -> None:
    while True:
        try:
            child, status = ipc.wait(0)
        except (ChildProcessError, TimeoutError):
            return
        kid_status[child] = status


ipc.SIG["CHLD"] = reaper
kids = [ipc.start(f"exit {code};").pid for code in range(1, 6)]
print("system:", ipc.system("exit 7;").code)
with ipc.open("echo from the pipe; exit 6 |", text=True) as lines:
    print(*lines, sep="", end="")
assert lines.status is not None
print("close:", lines.status.code)
while not set(kids) <= set(kid_status):
    ipc.sleep(0.1)
print("the first kid:", kid_status[kids[0]].code)
print("sum of the kids' codes:", sum(kid_status[kid].code or 0 for kid in kids))
