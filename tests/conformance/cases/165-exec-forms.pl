# area: exec
# trap: exec replaces the program, by list, by string and through the shell; argv[0] is free; what was printed before goes out first
sub try{my $do=shift; my $p=fork; unless($p){print "before "; $do->(); exit 9} waitpid $p,0; print "code ",$?>>8,"\n"} $|=1; try(sub{exec 'sh','-c','echo "$0 $1"','zero','one two'}); try(sub{exec 'echo a  b'}); try(sub{exec 'echo $((1+2)); exit 4'}); try(sub{exec {'/bin/sh'} '-sh','-c','echo $0'}); try(sub{no warnings; exec 'nosuch_xyz'; print "still here\n"});
