# area: shell rule
# trap: words at the start bring the shell too: VAR=value, "exec ", ". "; signs that are no shell's stay words: # % ! ^ , : @ + = - come through as they are
for my $c ('VAR=seen printenv VAR','exec echo by exec','. ./script','echo a # b','echo % ! ^ , : @ + = -','echo A=b c','execute','.hidden','echo exec x','/bin/echo =a'){open my $o,'>','script'; print $o "echo sourced\n"; close $o; my $r=open my $f,'-|',$c; print "$c: ",defined $r?<$f>:"no such file: ".($!{ENOENT}?1:0)."\n"}
