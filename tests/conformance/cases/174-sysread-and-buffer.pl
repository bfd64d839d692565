# area: reading
# trap: sysread passes over what readline has read ahead, so that mixing them gives the pieces in another order, or not at all
open my $f,'-|','printf "one\ntwo\n"; sleep 0.3; printf "three\n"'; select undef,undef,undef,0.1; print "readline: ",scalar <$f>; my $n=sysread $f,my $b,99; print "sysread: $b"; print "readline: ",scalar <$f>;
