# area: signals
# trap: the manual's loop over sig_name counts the aliases at the end as numbers of their own: IOT 65, CLD 66, POLL 67
use Config; my $i=0; my %signo; for my $name (split ' ',$Config{sig_name}){$signo{$name}=$i; $signame[$i]=$name; $i++} print "signal #17 = $signame[17]\n"; print "$_ = $signo{$_}\n" for qw(ALRM CHLD IOT CLD POLL);
