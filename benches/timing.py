"""What the Python contenders of all areas share: the same as bench.h."""

import os
import sys
from time import perf_counter_ns


def touch():
    """As much memory as BENCH_TOUCH says, one byte in each page."""
    size = int(os.environ.get("BENCH_TOUCH", "0"))
    if not size:
        return None
    import mmap

    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for at in range(0, size, 4096):
        memory[at] = 1
    return memory


def often(op, count=1):
    """`op` does it `count` times."""
    limit = int(float(os.environ.get("BENCH_BOX", "0.1")) * 1e9)
    op()
    op()
    took = []
    begin = start = perf_counter_ns()
    while start - begin < limit:
        op()
        end = perf_counter_ns()
        took.append(end - start)
        start = end
    took.sort()
    print(took[len(took) // 4] / count)


def once(count, op):
    start = perf_counter_ns()
    op()
    print((perf_counter_ns() - start) / count)


def main(metrics):
    """Runs the one that is asked for; 77 says that it is not on offer."""
    metric = metrics.get(sys.argv[1])
    if metric is None:
        sys.exit(77)
    memory = touch()
    metric()
    del memory
