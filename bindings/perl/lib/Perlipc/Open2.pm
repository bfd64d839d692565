package Perlipc::Open2;

# IPC::Open2's interface: see Perlipc::Open3.

use v5.26;
use warnings;
use Carp;
use Exporter 'import';
use Perlipc::Open3 ();

our $VERSION = $Perlipc::VERSION;
our @EXPORT = 'open2';

sub open2 {
    local $Carp::CarpLevel = $Carp::CarpLevel + 1;
    # The order of the two handles is open3's the other way round. They are the caller's variables still.
    return Perlipc::Open3::start('open2', @_[1, 0], '>&STDERR', @_[2 .. $#_]);
}

1;
