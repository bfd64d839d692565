import perlipc as ipc


def die(_):
    raise RuntimeError("spooler pipe broke")


def ret(_):
    print("[PIPE]", end="")


for mode, handler in ("die", die), ("ret", ret):
    with ipc.local(ipc.SIG, PIPE=handler):
        s = ipc.open("|-", "exec true;")
        ipc.sleep(0.3)
        try:
            s.write(b"stuff\n")
            s.close()
            print(f"{mode}: close=1")
        except RuntimeError as e:
            print(f"{mode}: died {e}")
        except OSError as e:
            print(f"{mode}: close=0 $?={int(s.status)} errno={e.errno}")
