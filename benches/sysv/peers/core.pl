# Perl's own calls.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Bench;

use constant { PRIVATE => 0, RMID => 0 };

my ($take, $give) = (pack('s!3', 0, -1, 0), pack('s!3', 0, 1, 0));
my ($take1, $give1) = (pack('s!3', 1, -1, 0), pack('s!3', 1, 1, 0));

sub memory {
    my ($size, $count) = @_;
    my $id = shmget(PRIVATE, $size, 0600) // die $!;
    my $data = 'x' x $size;
    my $got;
    often(sub { for (1 .. $count) { shmwrite($id, $data, 0, $size) || die $!; shmread($id, $got, 0, $size) || die $! } }, $count);
    die 'another text' if $got ne $data;
    shmctl($id, RMID, 0);
}

my %metrics = (
    sem_pair => sub {
        my $id = semget(PRIVATE, 2, 0600) // die $!;
        semop($id, $give) || die $!;
        often(sub { for (1 .. 1000) { semop($id, $take) || die $!; semop($id, $give) || die $! } }, 1000);
        semctl($id, 0, RMID, 0);
    },
    sem_pp => sub {
        my $id = semget(PRIVATE, 2, 0600) // die $!;
        ping_pong(sub { semop($id, $take); semop($id, $give1) }, sub { semop($id, $give) || die $!; semop($id, $take1) || die $! });
        semctl($id, 0, RMID, 0);
    },
    wr60_id => sub { memory(60, 1000) },
    wr16m => sub { memory(16 << 20, 1) },
    msg_self => sub {
        my $id = msgget(PRIVATE, 0600) // die $!;
        my $body = 'x' x 64;
        my $got;
        often(sub { for (1 .. 1000) { msgsnd($id, pack('l! a*', 1, $body), 0) || die $!; msgrcv($id, $got, 64, 1, 0) || die $! } }, 1000);
        die 'another text' if length $got != 72;
        msgctl($id, RMID, 0);
    },
    msg_pp => sub {
        my $id = msgget(PRIVATE, 0600) // die $!;
        my ($there, $back) = map { pack 'l! a*', $_, 'x' x 64 } 1, 2;
        my $got;
        ping_pong(sub { msgrcv($id, $got, 64, 1, 0); msgsnd($id, $back, 0) },
            sub { msgsnd($id, $there, 0) || die $!; msgrcv($id, $got, 64, 2, 0) || die $! });
        msgctl($id, RMID, 0);
    },
);
($metrics{ $ARGV[0] } || sub { exit 77 })->();
