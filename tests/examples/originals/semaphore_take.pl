$IPC_KEY = 1234;
$key = semget($IPC_KEY, 0, 0);
die if !defined($key);
$opstring = pack("sss", 0, 0, 0) . pack("sss", 0, 1, 0);
semop($key, $opstring) || die "$!";
