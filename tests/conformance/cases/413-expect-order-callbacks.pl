# area: expect
# trap: first pattern in LIST order wins even if another matches earlier in the text; exp_continue restarts; regex anchors see \r\n
# needs: Expect
use Expect; $Expect::Log_Stdout=0; my $e=Expect->spawn('sh','-c','echo alpha; sleep 0.3; echo beta; sleep 0.3; echo gamma'); my @s; $e->expect(5,['alpha'=>sub{push @s,'A'; exp_continue}],['beta'=>sub{push @s,'B'; exp_continue}],[qr/gamma\r\n/=>sub{push @s,'G'}]); print "@s\n"; $e->hard_close; $e=Expect->spawn('sh','-c','printf "one two"; sleep 1'); select undef,undef,undef,.4; my $i=$e->expect(3,'two','one'); print "i=$i before=[",$e->before,"]\n"; $e->hard_close;
