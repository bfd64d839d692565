"""Signal number zero: "this doesn't actually affect another process, but instead checks whether it's alive or has
changed its UID." In Perl: unless (kill 0 => $kid_pid) { warn "something wicked happened to $kid_pid"; }
"""

import os

import perlipc as ipc

kid = ipc.start(["true"])
kid.wait()
for who in (os.getpid(), kid):
    print("alive" if ipc.kill(0, who) else "something wicked happened")
