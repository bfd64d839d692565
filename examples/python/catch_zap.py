"""A handler that counts and raises: the manual's catch_zap. Press Ctrl-C, or send SIGINT.

In Perl: sub catch_zap { my $signame = shift; $shucks++; die "Somebody sent me a SIG$signame"; } $SIG{INT} = \\&catch_zap;
"""

import perlipc as ipc

shucks = 0


class Zapped(Exception):
    pass


def catch_zap(signame: str) -> None:
    global shucks
    shucks += 1
    raise Zapped(f"Somebody sent me a SIG{signame}")


ipc.SIG["INT"] = catch_zap
try:
    print("waiting", flush=True)
    ipc.sleep(60)
except Zapped as zap:
    print(zap)
print("shucks:", shucks)
