# area: magic ARGV
# trap: a last line without its newline is a line of its own, not joined with the first of the next file; a separator that is set counts from the next record on
for my $n (qw(a b)){open my $o,'>',$n; print $o "$n-one\n$n-two"} @ARGV=qw(a b); my @l=<>; print scalar(@l),": ",join('|',map{s/\n/N/r}@l),"\n"; @ARGV=qw(a b); my @r; while(defined(my $x=<>)){push @r,$x=~s/\n/N/r; $/='-' if @r==1} print join('|',@r),"\n";
