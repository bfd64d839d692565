# area: sysv
# trap: ftok: the same path and id give the same key, another id another one; the id is a number or a character, 1 where none is said; a missing path is undef
use IPC::SysV 'ftok'; open my $o,'>','f'; close $o; print "same ",ftok('f')==ftok('f',1)?1:0," other ",ftok('f',2)!=ftok('f',1)?1:0," char ",ftok('f','A')==ftok('f',65)?1:0," low bits ",(ftok('f',7)>>24&255)," missing ",defined ftok('nosuch')?1:0,"\n"; my @s=stat 'f'; print "by inode ",(ftok('f',1)&0xffff)==($s[1]&0xffff)?1:0,"\n";
