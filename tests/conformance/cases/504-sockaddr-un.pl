# area: unix sockets
# trap: sockaddr_un is 110 bytes whatever the path; an abstract name keeps its length, and is no file
use Socket; my $s=pack_sockaddr_un('/tmp/x'); print unpack_sockaddr_un($s)," length ",length $s,"\n"; socket my $l,PF_UNIX,SOCK_STREAM,0; my $name="\0perl-case-504-$$"; print bind($l,pack_sockaddr_un($name))?"bound":"no: $!"," ",listen($l,1)?"listening":"no","\n"; print unpack_sockaddr_un(getsockname $l) eq $name?"its name":"another name","\n"; socket my $c,PF_UNIX,SOCK_STREAM,0; print connect($c,pack_sockaddr_un($name))?"connected":"no: $!","\n";
