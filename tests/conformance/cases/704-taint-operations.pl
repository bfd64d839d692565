# area: taint
# trap: under -T what came from outside is refused where a program is started or a file written to, and not where one is read; the text names the call
# switches: -T
$ENV{PATH}='/usr/bin:/bin'; delete @ENV{qw(IFS CDPATH ENV BASH_ENV)}; my $bad=substr($^X,0,0)."x"; for my $c ([system=>sub{system "echo $bad"}],[exec=>sub{exec 'echo',$bad}],[qx=>sub{my $x=`echo $bad`}],[popen=>sub{open my $f,"echo $bad|"}],[write=>sub{open my $f,'>',$bad}],[kill=>sub{kill 0,"$$".substr($bad,1)}],[unlink=>sub{unlink $bad}],[read=>sub{open my $f,'<',$bad; 1}]){eval{$c->[1]->()}; (my $m=$@)=~s/ at \S+ line.*\n//; print "$c->[0]: ",$m||'allowed',"\n"}
