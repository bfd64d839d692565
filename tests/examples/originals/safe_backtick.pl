$pid = open(KID_TO_READ, "-|");
if ($pid) {
    while (<KID_TO_READ>) { print "got: $_"; }
    close(KID_TO_READ) || warn "kid exited $?";
} else {
    ($>, $)) = ($<, $();
    exec('printf', '%s\n', '$(rm -rf /)', '`id`', '; exit 3') || die "can't exec program: $!";
}
