# area: fifo
# trap: the umask takes from every mode, 0 and the sticky bit are modes too; mkfifo and -p of names that lead nowhere: a file in the way, a missing directory, a link to nothing, a circle of links, a name too long
use POSIX 'mkfifo'; use Errno; open my $o,'>','plain'; close $o; symlink 'loop','loop'; symlink 'nowhere','dangling';
for my $u (0,022,0777){umask $u; for my $m (0666,0777,0,01777){my $p=sprintf 'f%o-%o',$u,$m; print "$p ",mkfifo($p,$m)?1:0; printf " %o\n",(lstat $p)[2]&07777}}
for my $p ('plain','.','nodir/f','plain/f','','dangling','loop','x'x300,'new/'){my $made=mkfifo $p,0600; my $n=$!+0; print substr($p,0,9)," ",$made?'made':"error $n"," -p ",-p $p?1:0,"\n"}
