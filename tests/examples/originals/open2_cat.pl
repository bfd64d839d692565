use FileHandle;
use IPC::Open2;
$pid = open2(\*Reader, \*Writer, "cat -u -n");
Writer->autoflush();
for (1 .. 10) { print Writer "stuff\n"; $got = <Reader>; print $got; }
