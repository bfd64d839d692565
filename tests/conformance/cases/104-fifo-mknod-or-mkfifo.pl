# area: fifo
# trap: system gives 0 for success, so the manual's "mknod && mkfifo" tries the second only where the first has failed; a missing program is -1, which is true
open STDERR,'>','/dev/null'; sub make{my($p,@try)=@_; my $bad=0; for(@try){$bad=system(@$_,$p,$_->[0] eq 'mkfifo'?():'p'); last unless $bad} print "$p: ",$bad?"no":"made"," fifo=",-p $p?1:0,"\n"} make('one',['mknod'],['mkfifo']); make('two',['nosuch_mknod'],['mkfifo']); make('/no/such/dir/three',['mknod'],['mkfifo']);
