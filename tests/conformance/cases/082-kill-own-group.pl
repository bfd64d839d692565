# area: kill
# trap: kill SIG,0 is the whole own group, the caller included; counted as one
my $p=fork; unless($p){setpgrp; $|=1; my $g=0; $SIG{USR1}=sub{$g++}; pipe my $r,my $w; my $k=fork; unless($k){$SIG{USR1}='DEFAULT'; close $r; syswrite $w,'.'; sleep 20; exit 0} close $w; sysread $r,my $x,1; my $n=kill USR1=>0; waitpid $k,0; print "n=$n self=$g kid=",$?&127,"\n"; exit 0} waitpid $p,0; print "status=$?\n";
