# Two signatures, not for ever, in the current directory.
$FIFO = '.signature';
for (1 .. 2) {
    unless (-p $FIFO) { unlink $FIFO; system('mknod', $FIFO, 'p') && die "can't mknod $FIFO: $!"; }
    open(FIFO, "> $FIFO") || die "can't write $FIFO: $!";
    print FIFO "John Smith (smith\@host.org)\n", `fortune -s`;
    close FIFO;
    select undef, undef, undef, 0.2;
}
