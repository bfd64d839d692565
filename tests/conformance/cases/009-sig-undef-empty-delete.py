import os
import signal

import perlipc as ipc


def kid(how):
    ipc.SIG["USR1"] = lambda _: None
    try:
        if how == "undef":
            ipc.SIG["USR1"] = None
        elif how == "empty":
            ipc.SIG["USR1"] = ""
        elif how == "delete":
            del ipc.SIG["USR1"]
        else:
            ipc.SIG["USR1"] = "DEFAULT"
    except ValueError:
        return 9
    ipc.kill("USR1", os.getpid())
    return 7


for how in "undef", "empty", "delete", "default":
    st = ipc.fork(kid, how).wait()
    print(f"{how}: {signal.Signals['SIG' + st.signal].value if st.signal else 0} {st.code or 0}")
