# area: shell rule
# trap: without a shell the words are split at runs of any white space: blanks, tabs, vertical tabs, form feeds, carriage returns; at both ends too
for my $c ("./show a  b","./show\ta\t\tb","./show\x0ba\x0cb\x0dc"," \t./show a "){open my $o,'>','show'; print $o "#!/bin/sh\nfor a; do printf '[%s]' \"\$a\"; done; echo\n"; close $o; chmod 0755,'show'; open my $f,'-|',$c or die "$c: $!"; print <$f>}
