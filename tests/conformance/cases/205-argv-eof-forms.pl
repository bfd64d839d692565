# area: magic ARGV
# trap: eof is the end of this file, eof() the end of all: that one opens the next file to know, so that $ARGV moves on
for my $n (qw(a b c)){open my $o,'>',$n; print $o "1\n2\n" unless $n eq 'b'} @ARGV=qw(a b c); while(<>){chomp; print "$ARGV:$_ ",eof?'eof ':'',"\n"} @ARGV=qw(a b c); while(<>){chomp; print "$ARGV:$_ "; my $all=eof(); print $all?'the end':'more'," now $ARGV\n"}
