# area: sockets
# trap: an address of the wrong length or family croaks, and the text says both numbers
use Socket; for my $c (sub{inet_ntoa("abc")},sub{unpack_sockaddr_in("short")},sub{unpack_sockaddr_in(pack_sockaddr_un("/x"))},sub{unpack_sockaddr_un(pack_sockaddr_in(1,INADDR_ANY))},sub{pack_sockaddr_in(1,"abc")}){eval{$c->()}; (my $m=$@)=~s/ at \S+ line \d+\.?\n//; print "$m\n"}
