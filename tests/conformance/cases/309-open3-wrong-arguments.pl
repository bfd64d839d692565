# area: open3
# trap: too few arguments, and a command behind "-", are refused before anything is started
use IPC::Open3; use IPC::Open2; for my $c (sub{open3()},sub{open3(my $w,my $r,undef)},sub{open2(my $r,my $w)},sub{open3(my $w,my $r,undef,'-','x')}){my $pid=eval{$c->()}; print defined $pid?"started\n":"refused\n"; waitpid $pid,0 if $pid} print "children left: ",wait,"\n";
