module example.org/perlipc/bindings/go

go 1.19
