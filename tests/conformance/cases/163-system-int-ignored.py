import os
import signal

import perlipc as ipc

signal.signal(signal.SIGINT, lambda *_: print("handler", flush=True))
ipc.system(f"sleep 0.3; kill -INT {os.getpid()}; sleep 0.2;")
print("no handler call")
st = ipc.system("kill -INT $$;")
print(f"child sig={int(st) & 127}")
os.kill(os.getpid(), signal.SIGINT)
