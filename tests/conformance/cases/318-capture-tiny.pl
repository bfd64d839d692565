# area: Capture::Tiny
# trap: capture separates the streams of perl code AND of external commands; capture_merged, tee; returns extra values and leaves $? visible
# needs: Capture::Tiny
use Capture::Tiny ':all'; my($o,$e,$x)=capture{print "p-out\n"; warn "p-err\n"; system 'echo c-out; echo c-err >&2; exit 3;'; $?>>8}; print "o=[",join('|',split /\n/,$o),"] e=[",join('|',split /\n/,$e),"] x=$x\n"; my $m=capture_merged{system 'echo a; echo b >&2;'}; print join('|',split /\n/,$m),"\n";
