open(STATUS, "netstat -an 2>&1 |") || die "can't fork: $!";
while (<STATUS>) { next if /^(tcp|udp)/; print; }
close(STATUS) || die "bad netstat: $! $?";
