import sys

import perlipc as ipc

ipc.SIG["HUP"] = "IGNORE"
ipc.SIG["USR1"] = lambda _: None
show = "import perlipc as ipc; print('HUP=', ipc.SIG['HUP'], ' USR1=', ipc.SIG['USR1'], sep='')"
ipc.system([sys.executable, "-c", show])
