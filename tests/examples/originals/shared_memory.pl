$IPC_PRIVATE = 0; $IPC_RMID = 0; $size = 2000;
$key = shmget($IPC_PRIVATE, $size, 0777);
die unless defined $key;
$message = "Message #1";
shmwrite($key, $message, 0, 60) || die "$!";
shmread($key, $buff, 0, 60) || die "$!";
print $buff, "\n";
print "deleting $key\n";
shmctl($key, $IPC_RMID, 0) || die "$!";
