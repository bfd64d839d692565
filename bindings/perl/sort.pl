# `sort` through open2 under a deadline, and what a command that is not there and one that is too slow look like.
use v5.26;
use warnings;
use Perlipc;

my ($reader, $writer) = Perlipc::open2(['sort']);
$reader->deadline(5);
$writer->print("pear\napple\nfig\n");
$writer->close;
print $reader->getlines;
say 'sort ', $reader->close;

eval { Perlipc::open2(['/no/such/sort']) };
say $@;

my ($slow) = Perlipc::open2([qw(sleep 60)]);
$slow->deadline(0.05);
eval { $slow->getline };
say $@->name;
say 'sleep ', $slow->child->end;
