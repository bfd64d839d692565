# area: signals
# trap: names and numbers by the system's own list: 17 is CHLD and ALRM is 14, the real-time ones have names between RTMIN and RTMAX, two numbers are the C library's
use Config; my @name=split ' ',$Config{sig_name}; my @no=split ' ',$Config{sig_num}; my %no; @no{@name}=@no; print "$_=$no{$_}\n" for qw(HUP INT QUIT KILL USR1 PIPE ALRM TERM STKFLT CHLD STOP SYS RTMIN NUM35 NUM63 RTMAX IOT CLD POLL); print "17 is $name[17], 14 is $name[14], 64 is $name[64]\n"; print "ALRM is 17: ",$no{ALRM}==17?"yes":"no","\n";
