# area: unix sockets
# trap: a path of more than 108 bytes is cut with a warning, and the socket is made at another place than was said
use Socket; open STDERR,'>','/dev/null'; my $dir='d'x60; mkdir $dir; my $path="$dir/".('n'x60); socket my $s,PF_UNIX,SOCK_STREAM,0; print bind($s,sockaddr_un($path))?"bound":"no: $!"," listen ",listen($s,1)?1:0,"\n"; print "at its path: ",-S $path?1:0," cut: ",-S substr($path,0,108)?1:0,"\n"; socket my $c,PF_UNIX,SOCK_STREAM,0; print connect($c,sockaddr_un($path))?"connected":"no","\n";
