# area: writing
# trap: $| belongs to a handle: off, a write waits in the buffer; switching it on sends at once what waits, and from then on each write
use IO::Handle; pipe my $r,my $w; $r->blocking(0); sub there{my $n=sysread $r,my $b,99; defined $n?"'$b'":'nothing'} print $w 'a'; print "off: ",there(),"\n"; $w->autoflush(1); print "switched on: ",there(),"\n"; print $w 'b'; print "on: ",there(),"\n"; $w->autoflush(0); print $w 'c'; print "off again: ",there(),"\n"; $w->flush; print "flushed: ",there(),"\n";
