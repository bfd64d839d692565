"""Python's own multiprocessing: shared_memory."""

from multiprocessing import shared_memory

import partner as p
import timing as t


def memory(data, count):
    size = len(data)
    segment = shared_memory.SharedMemory(create=True, size=size)
    segment.unlink()
    buffer = segment.buf

    def both():
        for _ in range(count):
            buffer[:size] = data
            bytes(buffer[:size])

    t.often(both, count)
    p.same(bytes(buffer[:size]), data)
    buffer.release()
    segment.close()


t.main({"wr60": lambda: memory(p.SMALL, 1000), "wr16m": lambda: memory(p.LARGE, 1)})
