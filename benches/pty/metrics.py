"""Programs on a pseudo-terminal: started, talked with, searched."""

from area import OURS, US, Metric, Source, Variant

MIB = ("us/MiB", 1e3)
FIND = {"perlipc C": 1.05, "perlipc Python": 1.25}
FIND_MUCH = {"perlipc C": 1.00, "perlipc Python": 1.08}

METRICS = {
    "pty_spawn": Metric("a program on a pty: start, read to its end, wait", "spawn", *US,
                        {"perlipc C": 1.05, "perlipc Python": 1.10}),
    "pty_rt1": Metric("send a line, expect the answer, one core", "talk", *US,
                      {"perlipc C": 1.03, "perlipc Python": 1.12}, one_core=True),
    "fixed1": Metric("expect a text behind 1 MiB", "fixed_1", *MIB, FIND),
    "regex1": Metric("expect a regular expression behind 1 MiB", "regex_1", *MIB, FIND),
    "fixed32": Metric("the text behind 32 MiB", "fixed_32", *MIB, FIND_MUCH, rounds=0.5),
    "regex32": Metric("the regular expression behind 32 MiB", "regex_32", *MIB, FIND_MUCH, rounds=0.5),
    "fixed1024": Metric("the text behind 1 GiB, resident memory below 64 MiB", "fixed_1024", *MIB, rounds=0.1),
    "regex1024": Metric("the regular expression behind 1 GiB, resident memory below 64 MiB", "regex_1024", *MIB, rounds=0.1),
}

CONTENDERS = {
    **OURS,
    "libexpect": Source("peers/libexpect.c", ["-ldl"]),
    "pexpect": Source("peers/pexpect.py", needs=["pexpect"]),
    "pexpect, window": Variant("pexpect", "_window"),
    "Expect.pm": Source("peers/expect.pl", needs=["Expect"]),
}

CHILDREN = [Source("child/teller.c", ["-static"])]
