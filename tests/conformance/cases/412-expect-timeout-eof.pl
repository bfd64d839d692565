# area: expect
# trap: timeout gives (undef,"1:TIMEOUT"), EOF "2:EOF" or "3: spawn id(..)died"; before() keeps the unread text; timeout 0 polls
# needs: Expect
use Expect; $Expect::Log_Stdout=0; my $e=Expect->spawn('sh','-c','printf partial; sleep 2; printf done'); my @r=$e->expect(1,'zzz'); print $r[0]//'undef'," $r[1] before=[$r[3]]\n"; @r=$e->expect(5,'done'); print "$r[0] before=[$r[3]] match=[$r[2]]\n"; @r=$e->expect(5,'zzz'); print $r[0]//'undef'," ",$r[1]=~/^(2:EOF|3:)/?'eof-class':$r[1],"\n"; $e->hard_close;
