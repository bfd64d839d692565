"""The partners, and what is fed: the same as talk.h."""

import os
import sys

BIN = os.environ.get("BENCH_BIN", ".")
ECHO = [os.path.join(BIN, "echo")]
CAT = ["/bin/cat"]
LINE = b"a line of thirty-two characters\n"
# Exchanges between two looks at the clock, which take Python a tenth of one.
SOME = 16
MIB = int(sys.argv[1].rpartition("_")[2]) if "_" in sys.argv[1] else 0
INPUT = (b"0123456789abcdef" * max(2, MIB << 16))[: MIB << 20 or 20]
FED = f"cat_{MIB}"
FED_SOCKET = f"cat_socket_{MIB}"


def check(out):
    if out != INPUT:
        raise SystemExit("bytes")
