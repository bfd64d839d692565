# area: exec
# trap: an executable file that is no program and has no #! is run by the shell, with its arguments; one with a missing interpreter is ENOENT
sub made{my($n,$t)=@_; open my $o,'>',$n; print $o $t; close $o; chmod 0755,$n} $|=1;
made('s1',"echo \$# \"\$1\"\nexit 5\n"); print system('./s1','a b','c')>>8,"\n"; print system('./s1 x')>>8,"\n";
open my $f,'-|','./s1','z' or die; print <$f>; close $f; print $?>>8,"\n";
made('s2',''); print system('./s2'),"\n";
made('s3',"#!/no/such/interpreter\n"); print system('./s3')," ENOENT=",($!{ENOENT}?1:0),"\n";
made('s4',"#!/bin/sh -e\necho four; false; echo not\n"); print system('./s4')>>8,"\n";
