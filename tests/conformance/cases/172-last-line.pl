# area: reading
# trap: a last line without its newline is a line; an empty line is one too; $. counts them; eof is known before the read
open my $f,'-|',"printf 'one\\n\\nthree'"; until(eof $f){my $l=<$f>; my $n=chomp $l; print "$.: [$l] chomped $n\n"} my $l=<$f>; print defined $l?"more\n":"end\n"; my $r=close $f; print "close=",$r?1:0,"\n";
