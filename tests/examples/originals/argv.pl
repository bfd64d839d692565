while (<>) { print "$.:[$ARGV]:$_" }
