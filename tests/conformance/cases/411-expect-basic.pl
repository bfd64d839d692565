# area: expect
# trap: spawn/send/expect: index of the matching pattern (1-based), before/match/after, exitstatus
# needs: Expect
use Expect; $Expect::Log_Stdout=0; my $e=Expect->spawn('sh','-c','printf "name? "; read n; echo "hi $n"; exit 3'); my $i=$e->expect(5,'nomatch','name? '); print "i=$i before=[",$e->before,"] match=[",$e->match,"] after=[",$e->after,"]\n"; $e->send("bob\n"); my @r=$e->expect(5,['-re'=>'hi (\w+)\r?\n']); print "pos=$r[0] err=",$r[1]//'undef'," cap=",($e->matchlist)[0],"\n"; my @x=$e->expect(5,['eof'=>sub{print "eof callback\n"}]); print "idx=",$x[0]//'undef'," err=",($x[1]//"undef")=~/^(2:EOF|3:)/?"eof-class":$x[1],"\n"; $e->soft_close; print $e->exitstatus>>8,"\n";
