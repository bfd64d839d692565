# area: magic ARGV
# trap: $/ = \N: records of a fixed size, the last one of each file shorter; none reaches into the next file
for (["a","abcdefg"],["e",""],["b","123456"]) { open my $f,">",$_->[0]; print $f $_->[1]; close $f } @ARGV=("a","e","printf xyz |","b"); { local $/=\3; while(<>){ print "$ARGV $. [$_]",eof?" end":"","\n" } }
