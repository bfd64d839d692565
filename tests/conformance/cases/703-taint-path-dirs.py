import os

import perlipc as ipc

os.mkdir("ww")
os.chmod("ww", 0o777)
os.mkdir("ok", 0o755)
here = os.getcwd()
for path in ["/bin", "/bin:.", "/bin:", "/bin:rel", f"/bin:{here}/ww", f"/bin:{here}/ok", "/bin:/no/such", ":/bin"]:
    os.environ["PATH"] = path
    said = "ok"
    try:
        ipc.system(["/bin/true"], taint=True)
    except OSError as e:
        said = str(e.strerror)
    print(f"{path}: {said}".replace(here, "D"))
