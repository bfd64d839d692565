"""The manual's ARGV example: argv.py f1 "cmd1|" - f2 "cmd2|" f3 < tmpfile. The names are trusted here."""

import perlipc as ipc

files = ipc.argv(magic=True, text=True)
for line in files:
    print(f"{files.lineno}:[{files.name}]:{line}", end="")
