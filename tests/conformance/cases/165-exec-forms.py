import perlipc as ipc


def attempt(command, **options):
    def kid():
        print("before ", end="", flush=True)
        try:
            ipc.exec(command, **options)
        except FileNotFoundError:
            print("still here")
        return 9

    print(f"code {ipc.fork(kid).wait().code}", flush=True)


attempt(["sh", "-c", 'echo "$0 $1"', "zero", "one two"])
attempt("echo a  b")
attempt("echo $((1+2)); exit 4")
attempt(["/bin/sh", "-c", "echo $0"], argv0="-sh")
attempt("nosuch_xyz")
