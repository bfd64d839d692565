$pid = open(KID_TO_WRITE, "|-");
$SIG{ALRM} = sub { die "whoops, tr pipe broke" };
if ($pid) {
    for ("one\n", "\$(two)\n", "three\n") { print KID_TO_WRITE; }
    close(KID_TO_WRITE) || warn "kid exited $?";
} else {
    ($>, $)) = ($<, $();
    exec('tr', 'a-z', 'A-Z') || die "can't exec program: $!";
}
