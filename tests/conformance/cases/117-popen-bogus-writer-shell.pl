# area: popen
# trap: a missing command behind a shell, written to: the print is only buffered and true, close tells EPIPE with $? = -1, and the shell's 127 is lost
open STDERR,'>','/dev/null'; $SIG{PIPE}='IGNORE'; open my $f,'|-','nosuchcmd_xyz <&-;' or die; select undef,undef,undef,0.3; my $p=print $f "bang\n"; my $c=close $f; print "print=",$p?1:0," close=",$c?1:0," EPIPE=",($!{EPIPE}?1:0)," status=$?\n";
