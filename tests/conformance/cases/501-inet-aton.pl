# area: sockets
# trap: inet_aton takes a dotted address, the short, octal, hexadecimal and decimal forms, and names; what is none is undef, blanks are not trimmed
use Socket; for my $h ('127.0.0.1','127.1','0177.0.0.1','0x7f.0.0.1','2130706433','localhost','300.1.1.1','1.2.3.4.5',' 127.0.0.1','no.such.host.invalid'){my $p=inet_aton($h); print "'$h' ",defined $p?inet_ntoa($p):'undef',"\n"}
