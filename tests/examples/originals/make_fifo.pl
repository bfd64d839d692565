$path = shift;
if (system('mknod', $path, 'p') && system('mkfifo', $path)) { die "mk{nod,fifo} $path failed"; }
print "$path ", -p $path ? "is a named pipe" : "is something else", "\n";
