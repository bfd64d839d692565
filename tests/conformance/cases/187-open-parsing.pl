# area: open
# trap: two-argument open trims blanks and takes "cmd|" and "|cmd" with blanks around; three-argument open takes the mode by itself, and an unknown one dies
$|=1; for my $s ("echo a|","  echo b  |  ","echo c |\n"){open my $f,$s or die $!; print <$f>; close $f} for my $s ("|cat"," | cat","  |  cat  "){open my $f,$s or die $!; print $f "to cat\n"; close $f} for my $m ('x','-','||','|'){my $r=eval{no warnings; open my $f,$m,'true'}; print "$m: ",$@=~/^Unknown open/?"unknown mode":defined $r?"opened":"failed","\n"}
