# frozen_string_literal: true

# `sort` through open2 under a deadline, and what a command that is not there and one that is too slow look like.
require "perlipc"

reader, writer = Perlipc.open2(["sort"])
reader.deadline = 5
writer << "pear\napple\nfig\n"
writer.close
reader.each { |line| print line }
puts "sort #{reader.close}"

begin
  Perlipc.open2(["/no/such/sort"])
rescue Perlipc::Error => error
  puts error.message
end

slow, = Perlipc.open2(%w[sleep 60])
slow.deadline = 0.05
begin
  slow.gets
rescue Perlipc::Error => error
  puts error.name
end
puts "sleep #{slow.child.end}"
