# area: shell rule
# trap: two words or more never meet a shell; a list of exactly one does, as if it were a string; "system {PROGRAM} LIST" never
$|=1; my @one=('echo one | tr a-z A-Z'); system @one; system 'echo','$HOME; *','|'; my $r=system {$one[0]} @one; print "program of that name: ",$r==-1?"ENOENT=".($!{ENOENT}?1:0):$r,"\n"; open my $f,'-|','echo','a | b' or die; print <$f>;
