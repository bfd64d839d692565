"""Starting a command, capturing what it says, reading it line by line."""

from area import LINE, MS, OURS, US, Metric, Source, Variant

START = {"perlipc C": 1.08, "perlipc Python": 1.15}
CAPTURE = {"perlipc C": 1.08, "perlipc Python": 1.18}

METRICS = {
    "tiny1": Metric("spawn + wait, exit-only child, one core", "tiny", *US, START, one_core=True),
    "tiny1_1g": Metric("the same, 1 GiB touched in the parent", "tiny", *US, START, one_core=True, touch=1 << 30, rounds=0.5),
    "tiny1_nofile": Metric("the same, RLIMIT_NOFILE at its maximum", "tiny", *US, START, one_core=True, nofile=True, rounds=0.5),
    "tiny1_open": Metric("the same, 900 descriptors open in the parent", "tiny", *US, one_core=True, open_fds=900, rounds=0.5),
    "true": Metric("spawn + wait, /bin/true", "true", *US, {"perlipc C": 1.03, "perlipc Python": 1.08}),
    "line": Metric("capture of one line", "line", *US, CAPTURE),
    "line1": Metric("the same, one core", "line", *US, CAPTURE, one_core=True),
    "line1_both": Metric("the same, with the standard error apart", "line_both", *US, one_core=True),
    "bytes64": Metric("capture of 64 MiB, pipe", "bytes", *MS, {"perlipc C": 1.03, "perlipc Python": 1.12}),
    "bytes64_socket": Metric("the same by a socket pair, against raw with a pipe", "bytes_socket", *MS,
                             {"perlipc C": 0.50, "perlipc Python": 0.60}, raw="bytes"),
    "lines_spans": Metric("5,000,000 short lines, many a call", "lines_spans", *LINE, {"perlipc C": 1.5}, raw="lines"),
    "lines_calls": Metric("the same, one call a line", "lines_calls", *LINE, {"perlipc C": 2.2, "perlipc Python": 16},
                          raw="lines"),
    "lines_grep": Metric("those of them that hold a word", "lines_grep", *LINE, raw="lines", rounds=0.5),
    "lines_split": Metric("each of them split at white space", "lines_split", *LINE, raw="lines", rounds=0.5),
}

CONTENDERS = {
    **OURS,
    "raw, pidfd": Variant("raw", "_pidfd"),
    "raw, huge pages": Variant("raw", "_huge"),
    "raw, an empty call": Variant("raw", "_empty"),
    "Python take": Variant("perlipc Python", "_take"),
    "Python count": Variant("perlipc Python", "_count"),
    "Python, a loop": Variant("perlipc Python", "_loop"),
    "glibc": Source("peers/libc.c"),
    "Rust std": Source("peers/std.rs"),
    "subprocess": Source("peers/subproc.py"),
    "Perl": Source("peers/perl.pl"),
}

CHILDREN = [Source("child/tiny.c", ["-static", "-nostdlib"]), Source("child/talk.c", ["-static"])]
