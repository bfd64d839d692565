"""Signals: from kill to the handler that has run, or to the number that was taken."""

from area import NS, OURS, US, Metric, Source, Variant

METRICS = {
    "signal_self": Metric("a signal to itself, its handler has run", "self", *NS, {"perlipc C": 1.03, "perlipc Python": 1.35}),
    "signal_wait": Metric("the same, blocked and taken by a call, against raw with a handler", "wait", *NS,
                          {"perlipc C": 0.47, "perlipc Python": 0.58}, raw="self"),
    "signal_burst": Metric("16 kinds at once", "burst", *US, {"perlipc C": 1.03, "perlipc Python": 1.30}),
    "signal_pp1": Metric("there and back between two processes, one core", "pp", *US,
                         {"perlipc C": 1.02, "perlipc Python": 1.25}, one_core=True),
    "signal_pp1_wait": Metric("the same, blocked and taken by a call, against raw with a handler", "pp_wait", *US,
                              {"perlipc C": 0.68, "perlipc Python": 0.85}, raw="pp", one_core=True),
    "signal_poll": Metric("nothing has come: a look at the word", "poll", *NS, {"perlipc C": 1.2}),
    "signal_poll_call": Metric("nothing has come: a call", "poll_call", *NS, {"perlipc C": 4, "perlipc Python": 80},
                               raw="poll"),
}

CONTENDERS = {
    **OURS,
    "raw, sigtimedwait": Variant("raw", "_bare"),
    "raw, an empty call": Variant("raw", "_empty"),
    "libuv": Source("peers/uv.c", needs=["libuv"]),
    "signal.signal": Source("peers/sig.py"),
    "Perl": Source("peers/perl.pl"),
}
