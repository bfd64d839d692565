# Perl's classes: IPC::Semaphore, IPC::SharedMem, IPC::Msg.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Bench;
use IPC::Msg;
use IPC::Semaphore;
use IPC::SharedMem;
use IPC::SysV qw(IPC_CREAT IPC_PRIVATE S_IRWXU);

sub memory {
    my ($size, $count) = @_;
    my $shm = IPC::SharedMem->new(IPC_PRIVATE, $size, S_IRWXU) || die $!;
    $shm->attach || die $!;
    my $data = 'x' x $size;
    my $got;
    often(sub { for (1 .. $count) { $shm->write($data, 0, $size) || die $!; $got = $shm->read(0, $size) } }, $count);
    die 'another text' if $got ne $data;
    $shm->remove;
}

my %metrics = (
    sem_pair => sub {
        my $sem = IPC::Semaphore->new(IPC_PRIVATE, 2, S_IRWXU | IPC_CREAT) || die $!;
        $sem->op(0, 1, 0);
        often(sub { for (1 .. 1000) { $sem->op(0, -1, 0) || die $!; $sem->op(0, 1, 0) || die $! } }, 1000);
        $sem->remove;
    },
    sem_pp => sub {
        my $sem = IPC::Semaphore->new(IPC_PRIVATE, 2, S_IRWXU | IPC_CREAT) || die $!;
        ping_pong(sub { $sem->op(0, -1, 0); $sem->op(1, 1, 0) }, sub { $sem->op(0, 1, 0) || die $!; $sem->op(1, -1, 0) || die $! });
        $sem->remove;
    },
    wr60 => sub { memory(60, 1000) },
    wr16m => sub { memory(16 << 20, 1) },
    msg_self => sub {
        my $msg = IPC::Msg->new(IPC_PRIVATE, S_IRWXU | IPC_CREAT) || die $!;
        my $body = 'x' x 64;
        my $got;
        often(sub { for (1 .. 1000) { $msg->snd(1, $body) || die $!; $msg->rcv($got, 64) || die $! } }, 1000);
        die 'another text' if $got ne $body;
        $msg->remove;
    },
    msg_pp => sub {
        my $msg = IPC::Msg->new(IPC_PRIVATE, S_IRWXU | IPC_CREAT) || die $!;
        my $body = 'x' x 64;
        my $got;
        ping_pong(sub { $msg->rcv($got, 64, 1); $msg->snd(2, $body) }, sub { $msg->snd(1, $body) || die $!; $msg->rcv($got, 64, 2) || die $! });
        $msg->remove;
    },
);
($metrics{ $ARGV[0] } || sub { exit 77 })->();
