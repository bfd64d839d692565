use Config;
defined $Config{sig_name} || die "No sigs?";
foreach $name (split(' ', $Config{sig_name})) { $signo{$name} = $i; $signame[$i] = $name; $i++; }
print "signal #17 = $signame[17]\n";
if ($signo{ALRM}) { print "SIGALRM is $signo{ALRM}\n"; }
print join(' ', @signame[1 .. 31]), "\n";
