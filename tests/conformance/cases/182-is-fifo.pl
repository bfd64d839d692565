# area: fifo
# trap: -p is true for a named pipe and for what stands on a pipe, also a pipe open; false for a file, a directory and what is not there
use POSIX 'mkfifo'; mkfifo 'f',0600; open my $o,'>','plain'; pipe my $r,my $w; open my $c,'-|','true;'; print "f=",-p 'f'?1:0," plain=",-p 'plain'?1:0," dir=",-p '.'?1:0," missing=",-p 'nosuch'?1:0," pipe=",-p $r?1:0,-p $w?1:0," popen=",-p $c?1:0,"\n"; symlink 'f','l'; print "link=",-p 'l'?1:0,"\n";
