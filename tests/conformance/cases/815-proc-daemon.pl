# area: daemon
# trap: Proc::Daemon: a command as a daemon, its output in a file, its pid known and it no child of ours
# needs: Proc::Daemon
use Proc::Daemon; use Cwd; my $dir=getcwd; my $pid=Proc::Daemon->new(work_dir=>$dir,child_STDOUT=>"$dir/out",exec_command=>'echo daemon in $(basename $(pwd)) && sleep 0.1')->Init; print "pid>0: ",$pid>0?1:0,"\n"; select undef,undef,undef,0.02 until -s 'out'; open my $i,'<','out'; my $l=<$i>; (my $b=$dir)=~s{.*/}{}; print $l eq "daemon in $b\n"?"it works in our directory\n":"elsewhere: $l"; print "child of ours: ",wait==-1?0:1,"\n";
