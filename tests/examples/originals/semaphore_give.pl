$IPC_KEY = 1234;
$key = semget($IPC_KEY, 0, 0);
die if !defined($key);
semop($key, pack("sss", 0, -1, 0)) || die "$!";
