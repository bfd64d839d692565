"""What an area's metrics.py is written with: see README.md."""

from dataclasses import dataclass, field

US, MS, NS, LINE = ("us", 1e3), ("ms", 1e6), ("ns", 1.0), ("ns/line", 1.0)


@dataclass
class Metric:
    title: str
    what: str                       # what the contenders are asked to do
    unit: str
    scale: float                    # nanoseconds in the unit
    goals: dict[str, float] = field(default_factory=dict)
    raw: str = ""                   # what raw is asked to do, where that has another name
    one_core: bool = False          # all its processes on the same core
    touch: int = 0                  # bytes that the contender has touched
    nofile: bool = False            # RLIMIT_NOFILE at its maximum
    open_fds: int = 0               # descriptors that the contender has open besides
    rounds: float = 1.0             # share of the rounds asked for


@dataclass
class Source:
    """A contender, or a program that contenders start. What it is written in is told by the name's end: .c .rs .py .pl"""

    path: str
    flags: list[str] = field(default_factory=list)      # for the compiler
    needs: list[str] = field(default_factory=list)      # by pkg-config for .c, modules for .py and .pl


@dataclass
class Variant:
    """Another way of the same program: the suffix is put behind what it is asked to do."""

    of: str
    suffix: str


OURS = {
    "raw": Source("raw.c"),
    "perlipc C": Source("ours.c", ["-lperlipc"]),
    "perlipc Python": Source("ours.py", needs=["perlipc"]),
}
