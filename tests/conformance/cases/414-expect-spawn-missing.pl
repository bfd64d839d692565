# area: expect
# trap: spawning a program that is not there gives undef and ENOENT, and leaves no child
# needs: Expect
use Expect; open STDERR,'>','/dev/null'; my $e=Expect->spawn('nosuchcmd_xyz','a'); print defined $e?"spawned":"undef"," ENOENT=",($!{ENOENT}?1:0),"\n"; print "left=",wait,"\n";
