"""The children of this area: the same as children.h."""

import os

BIN = os.environ.get("BENCH_BIN", ".")
TINY = [os.path.join(BIN, "tiny")]
TRUE = ["/bin/true"]
LINE = [os.path.join(BIN, "talk"), "line"]
BYTES = [os.path.join(BIN, "talk"), "bytes", "67108864"]
LINES = [os.path.join(BIN, "talk"), "lines", "5000000"]
LINE_COUNT = 5_000_000
BYTE_COUNT = 64 << 20
