# area: exit
# trap: exit takes its number modulo 256; an uncaught die ends with errno, or with 255 where there is none
open STDERR,'>','/dev/null'; sub code{my $do=shift; my $p=fork; unless($p){$do->(); exit 0} waitpid $p,0; $?>>8} for my $n (0,3,255,256,259,-1){print "exit $n: ",code(sub{exit($n)}),"\n"} print "die with errno 5: ",code(sub{$!=5; die "x\n"}),"\n"; print "die without: ",code(sub{$!=0; $?=0; die "x\n"}),"\n";
