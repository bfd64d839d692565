# area: reading
# trap: a header read as a paragraph, then the body by lines: newlines behind the paragraph belong to neither, however many; those between lines stay
open my $f,"printf 'H: 1\nI: 2\n\n\n\nbody\n\nmore\n' |"; my $h=do{local $/="";<$f>}; print "[$h]\n"; print "[$_]\n" while <$f>; print "$.\n"; close $f; open $f,"printf 'a\n\n'; sleep 0.2; printf '\n\nbcdefg' |"; { local $/=""; print "[",scalar <$f>,"]\n" } { local $/=\4; print "[$_]\n" while <$f> }
