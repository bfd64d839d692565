import perlipc as ipc

r, w = ipc.pipe(text=True)
r.timeout = 0


def there():
    try:
        return f"'{r.read1(99)}'"
    except TimeoutError:
        return "nothing"


w.autoflush = False
w.write("a")
print("off:", there())
w.autoflush = True
print("switched on:", there())
w.write("b")
print("on:", there())
w.autoflush = False
w.write("c")
print("off again:", there())
w.flush()
print("flushed:", there())
