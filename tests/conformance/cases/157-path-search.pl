# area: exec
# trap: PATH is searched beyond what cannot be executed; nothing but that is EACCES, nothing at all ENOENT; without PATH there is a default
$|=1; for my $n (1..4){mkdir "d$n"; open my $o,'>',"d$n/prog"; print $o "#!/bin/sh\necho from $n \$1\n"; close $o} chmod 0755,'d3/prog','d4/prog'; unlink 'd2/prog'; mkdir 'd2/prog';
chomp(my $d=`pwd`); sub try{my $r=system 'prog','x'; print $r==-1?"-1 ".join(',',grep{$!{$_}}qw(ENOENT EACCES ENOTDIR)):"st $r","\n"}
for my $p ([1,2,3,4],[4,3],[1,2],[2],[9],[]){local $ENV{PATH}=join ':',(map "$d/d$_",@$p),"$d/none"; try()} {local $ENV{PATH}="$d/d3/prog"; try()} delete $ENV{PATH}; print system('echo','default'),"\n";
