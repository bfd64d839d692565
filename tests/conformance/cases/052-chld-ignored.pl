# area: signals/wait
# trap: with CHLD ignored the kernel reaps: wait stands until all are gone and gives -1 and ECHILD, system and close know no status
$SIG{CHLD}='IGNORE'; $|=1; my $p=fork; unless($p){select undef,undef,undef,0.2; print "the child has run\n"; exit 3} my $got=wait; print "wait=$got ECHILD=",($!{ECHILD}?1:0),"\n"; my $r=system 'exit 4;'; print "system=$r status=$?\n"; open my $f,'-|','exit 5;'; my @l=<$f>; $r=close $f; print "close=",$r?1:0," status=$?\n";
