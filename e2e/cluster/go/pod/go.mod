module heddle.dev/cluster/pod

go 1.24
