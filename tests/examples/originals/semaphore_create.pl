$IPC_KEY = 1234; $IPC_CREATE = 0001000; $nsems = 1;
$key = semget($IPC_KEY, $nsems, 0666 | $IPC_CREATE);
die if !defined($key);
print "$key\n";
