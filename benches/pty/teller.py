"""The program on the terminal: the same as teller.h."""

import os
import resource
import sys

PATH = os.path.join(os.environ.get("BENCH_BIN", "."), "teller")
HI = [PATH, "hi"]
ANSWER = [PATH, "answer"]


def flood(mib):
    return [PATH, "flood", str(mib)]


def searches(find):
    """The metrics of find(mib, regex), by what they are asked as."""
    import timing as t

    found = {}
    for mib in (1, 32, 1024):
        for kind in ("fixed", "regex"):
            found[f"{kind}_{mib}"] = lambda mib=mib, kind=kind: t.once(mib, lambda: find(mib, kind == "regex"))
    return found


def small():
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if used > 64 * 1024:
        sys.exit(f"{used} KiB of resident memory")
