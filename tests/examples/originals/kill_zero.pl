defined($kid_pid = fork) || die;
exit unless $kid_pid;
waitpid $kid_pid, 0;
print "alive\n" if kill 0 => $$;
unless (kill 0 => $kid_pid) { print "something wicked happened\n"; }
