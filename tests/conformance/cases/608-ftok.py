import os

import perlipc as ipc

open("f", "w").close()
same = int(ipc.ftok("f") == ipc.ftok("f", 1))
other = int(ipc.ftok("f", 2) != ipc.ftok("f", 1))
char = int(ipc.ftok("f", "A") == ipc.ftok("f", 65))
try:
    ipc.ftok("nosuch")
    missing = 1
except FileNotFoundError:
    missing = 0
print(f"same {same} other {other} char {char} low bits {ipc.ftok('f', 7) >> 24 & 255} missing {missing}")
print(f"by inode {int(ipc.ftok('f', 1) & 0xFFFF == os.stat('f').st_ino & 0xFFFF)}")
