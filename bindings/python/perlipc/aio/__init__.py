"""The same names on asyncio: what waits is awaited.

Everything goes by descriptors in the running loop, asyncio's own or another one that has add_reader and add_writer; no
thread is started (but by the loop itself, for host names that are not numbers). Starting a program takes its moment as
everywhere. Time limits are asyncio.timeout's. A call that is cancelled loses nothing: what was read stays in the stream,
and what was not written goes out with the next flush(); one that runs a command to its end (capture, qx, system) ends it
then. Handlers of signals are the loop's affair.

>>> import asyncio
>>> from perlipc import aio
>>> async def main():
...     async with await aio.open("echo one; echo two |", text=True) as lines:
...         return [line async for line in lines]
>>> asyncio.run(main())
['one\\n', 'two\\n']
"""

from .child import Child, start
from .dgram import Dgram, udp, unix_dgram
from .fifo import open_fifo
from .listener import Listener, socketpair, tcp_connect, tcp_listen, unix_connect, unix_listen
from .popen import Duplex, open2, open3, open_pty
from .popen import open as open
from .run import capture, qx, system
from .stream import Stream, adopt, pipe

__all__ = [
    "Child",
    "Dgram",
    "Duplex",
    "Listener",
    "Stream",
    "adopt",
    "capture",
    "open",
    "open2",
    "open3",
    "open_fifo",
    "open_pty",
    "pipe",
    "qx",
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
