# area: signals
# trap: the kernel sends signals too: a file that grows beyond the limit kills by XFSZ (25), or is EFBIG where that is ignored
open my $s,'>','w.pl'; print $s 'open my $f,">","big"; $f->autoflush(1) if 0; my $n=syswrite $f,"x" x 4096; $n=syswrite $f,"y"; print defined $n?"wrote\n":"EFBIG=".($!{EFBIG}?1:0)."\n";'; close $s; system 'ulimit -f 4; exec perl w.pl'; print "signal=",$?&127,"\n"; $SIG{XFSZ}='IGNORE'; system 'ulimit -f 4; exec perl w.pl'; print "signal=",$?&127,"\n";
