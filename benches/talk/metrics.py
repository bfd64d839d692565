"""Talks with a program by pipes: a line at a time, and fed and drained."""

from area import MS, OURS, US, Metric, Source, Variant

METRICS = {
    "echo1": Metric("open2: a line to it and back, one core", "echo", *US, {"perlipc C": 1.02, "perlipc Python": 1.12},
                    one_core=True),
    "cat64": Metric("communicate: 64 MiB through cat", "cat_64", *MS, {"perlipc C": 0.95, "perlipc Python": 1.05}),
    "cat64_socket": Metric("the same by socket pairs, against raw with pipes", "cat_socket_64", *MS,
                           {"perlipc C": 0.75, "perlipc Python": 0.85}, raw="cat_64"),
    "cat1": Metric("communicate: 1 MiB through cat", "cat_1", *MS, {"perlipc C": 0.88, "perlipc Python": 1.0}),
    "small": Metric("communicate: 20 bytes through cat", "cat_0", *US, {"perlipc C": 1.02, "perlipc Python": 1.10}),
}

CONTENDERS = {
    **OURS,
    "raw, no SIGPIPE": Variant("raw", "_quiet"),
    "Python, bare": Source("peers/bare.py"),
    "subprocess": Source("peers/subproc.py"),
    "Rust std": Source("peers/std.rs"),
    "Perl": Source("peers/perl.pl"),
    "IPC::Run": Source("peers/run.pl", needs=["IPC::Run"]),
}

CHILDREN = [Source("child/echo.c", ["-static"])]
