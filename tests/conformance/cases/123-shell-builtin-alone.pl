# area: shell rule
# trap: a builtin of the shell without a metacharacter is looked for as a program: "exit 3" and "umask" fail with ENOENT, "exit 3;" does not
for my $c ('exit 3','umask','shift','exit 3;','umask 022;'){my $r=system $c; print "$c: ",$r==-1?"ENOENT=".($!{ENOENT}?1:0):$r>>8,"\n"} my $x=`exit 3`; print "backticks: ",defined $x?1:0," status=$?\n";
