$path = shift || '/dev/log';
if (-S $path) { print "$path is a socket\n" } else { print "something's wicked with $path: it is no socket\n"; exit 1 }
