import os

import perlipc as ipc

os.dup2(os.open("/dev/null", os.O_WRONLY), 2)


def ran(*command):
    try:
        return ipc.system(command).ok
    except FileNotFoundError:
        return False


def make(path, first):
    made = ran(first, path, "p") or ran("mkfifo", path)
    print(f"{path}: {'made' if made else 'no'} fifo={int(ipc.is_fifo(path))}")


make("one", "mknod")
make("two", "nosuch_mknod")
make("/no/such/dir/three", "mknod")
