# area: popen
# trap: the manual says that open will in all likelihood succeed for a missing command; without a shell it fails at once with ENOENT, and no child is left
for my $o (sub{open my $f,"nosuchcmd_xyz|"},sub{open my $f,"|nosuchcmd_xyz"},sub{open my $f,'-|','nosuchcmd_xyz a b'},sub{open my $f,'-|','nosuchcmd_xyz','a'},sub{open my $f,'|-','./nosuch/cmd','a'}){$!=0; my $r=$o->(); print defined $r?1:0," ENOENT=",($!{ENOENT}?1:0)," left=",wait,"\n"}
