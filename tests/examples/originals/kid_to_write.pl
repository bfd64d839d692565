my $sleep_count = 0;
do {
    $pid = open(KID_TO_WRITE, "|-");
    unless (defined $pid) { warn "cannot fork: $!"; die "bailing out" if $sleep_count++ > 6; sleep 10; }
} until defined $pid;
if ($pid) {
    print KID_TO_WRITE "some\n", "data\n";
    close(KID_TO_WRITE) || warn "kid exited $?";
    print "the kid wrote ", -s $ARGV[0], " bytes\n";
} else {
    ($>, $)) = ($<, $();
    open(FILE, "> $ARGV[0]") || die;
    while (<STDIN>) { print FILE; }
    exit;
}
