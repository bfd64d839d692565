"""The same names on asyncio: what waits is awaited.

Everything goes by descriptors in the running loop, asyncio's own or another one that has add_reader and add_writer; no
thread is started (but by the loop itself, for host names that are not numbers). Starting a program takes its moment as
everywhere. Time limits are asyncio.timeout's. A call that is cancelled loses nothing: what was read stays in the stream,
and what was not written goes out with the next flush(); one that runs a command to its end (capture, pipeline, qx, system) ends it
then. Handlers of signals are the loop's affair.

Not here is what no descriptor tells of: locks, semaphores and message queues, flock, the children of others; and what
forks. interact neither: the user's terminal is raw in a call alone and put back inside whatever signal ends or stops the
process then, which a loop that turns to others meanwhile, and writes there, could not promise. A thread can be in such a
call, and cancel() of the stream ends it: await asyncio.to_thread(stream.sync.interact).

>>> import asyncio
>>> from perlipc import aio
>>> async def main():
...     async with await aio.open("echo one; echo two |", text=True) as lines:
...         return [line async for line in lines]
>>> asyncio.run(main())
['one\\n', 'two\\n']
"""

from .child import Child, start
from .dgram import Dgram, dgram_pair, udp, unix_dgram
from .fifo import open_fifo
from .listener import Listener, socketpair, tcp_connect, tcp_listen, unix_connect, unix_listen
from .popen import Duplex, open2, open3, open_pty
from .popen import open as open
from .run import capture, pipeline, qx, system
from .server import serve
from .stream import Stream, adopt, pipe

__all__ = [
    "Child",
    "Dgram",
    "Duplex",
    "Listener",
    "Stream",
    "adopt",
    "capture",
    "dgram_pair",
    "open",
    "open2",
    "open3",
    "open_fifo",
    "open_pty",
    "pipe",
    "pipeline",
    "qx",
    "serve",
    "socketpair",
    "start",
    "system",
    "tcp_connect",
    "tcp_listen",
    "udp",
    "unix_connect",
    "unix_dgram",
    "unix_listen",
]
