"""Sockets: round trips and connections of a client, lines, batches of datagrams; servers of one, of many, of short clients."""

from area import LINE, OURS, US, Metric, Source

PING = {"perlipc C": 1.02, "perlipc Python": 1.06}
CONN = {"perlipc C": 1.03, "perlipc Python": 1.25}

METRICS = {
    "tcp_pp": Metric("client: 64 bytes there and back by TCP, one core", "tcp_pp", *US, PING, one_core=True),
    "unix_pp": Metric("client: the same by a Unix socket", "unix_pp", *US, PING, one_core=True),
    "udp_pp": Metric("client: the same by UDP", "udp_pp", *US, PING, one_core=True),
    "tcp_conn": Metric("client: connect and close, one core", "tcp_conn", *US, {"perlipc C": 1.02, "perlipc Python": 1.12},
                       one_core=True),
    "unix_lines": Metric("2,000,000 short lines by a Unix socket, raw by memchr", "unix_lines", *LINE,
                         {"perlipc C": 0.5, "perlipc Python": 5.5}),
    "udp_batch": Metric("32 datagrams of 64 bytes sent and received in one process", "udp_batch", *US,
                        {"perlipc C": 1.1}),
    "tcp_pp1": Metric("server: 64 bytes there and back, one client, one core", "pp1", *US,
                      {"perlipc C": 1.02, "perlipc Python": 1.12}, one_core=True),
    "tcp_tp64": Metric("server: the same, 64 times, by 64 clients at once", "tp64", *US, {"perlipc C": 1.02, "perlipc Python": 1.20}),
    "conn_prefork": Metric("server: a connection, a line, its answer; processes forked before (or threads)", "conn_prefork",
                           *US, CONN),
    "conn_prefork1": Metric("the same, one core", "conn_prefork", *US, CONN, one_core=True),
    "conn_fork": Metric("the same with a process for each, against raw forked before", "conn_fork", *US,
                        {"perlipc C": 3.7, "perlipc Python": 11}, raw="conn_prefork"),
}

CONTENDERS = {
    **OURS,
    "C fork": Source("peers/fork.c"),
    "libuv": Source("peers/uv.c", needs=["libuv"]),
    "Python, os.fork": Source("peers/fork.py"),
    "Python": Source("peers/stdlib.py"),
    "Perl": Source("peers/perl.pl"),
}

CHILDREN = [Source("child/echo.c"), Source("child/load.c")]
