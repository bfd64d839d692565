-- `sort` through open2 under a deadline, and what a command that is not there and one that is too slow look like.
local ipc = require("perlipc")

local reader, writer = ipc.open2 { "sort" }
reader:deadline(5)
writer:write("pear\napple\nfig\n"):close()
for line in reader:lines() do io.write(line) end
print("sort " .. tostring(reader:close()))

local _, err = pcall(ipc.open2, { "/no/such/sort" })
print(err)

local slow = ipc.open2 { "sleep", "60" }
slow:deadline(0.05)
_, err = pcall(slow.getline, slow)
print(err.name)
print("sleep " .. tostring(slow:child():finish()))
