import perlipc as ipc


def put(n: str, t: str) -> None:
    with open(n, "w") as o:
        o.write(t)


put("a", "\n\n1\n2\n\n\n\n3\n")
put("b", "4\n\n")
put("c", "\n\n")
put("d", "5\n6")
argv = ipc.argv(list("abcd"))
argv.set_separator(b"")
for line in argv:
    shown = line.decode().replace("\n", "N")
    print(argv.name, argv.lineno, f"[{shown}]" + (" end" if argv.eof() else ""))
for s in b"\n\n", b"2", b"N":
    argv = ipc.argv(list("abcd"))
    argv.set_separator(s)
    print("|".join(line.decode().replace("\n", "N") for line in argv))
argv = ipc.argv(list("da"))
next(argv)
argv.set_separator(None)
print(argv.name, argv.lineno + 1, len(next(argv)))
argv.set_separator(2)
r = next(argv).decode().replace("\n", "N")
print(argv.name, argv.lineno, f"[{r}]")
argv.set_separator(b"\n")
print(len(list(argv)))
