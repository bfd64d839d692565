# area: popen
# trap: a second handle on the same descriptor (<&=): closing the one that has the child does not wait, and knows no status
open my $f,'-|','echo a; echo b; exit 5'; open my $g,'<&=',fileno $f; print "first: ",scalar <$g>; my $r=close $f; print "close the original: ",$r?1:0," code=",$?>>8,"\n";
