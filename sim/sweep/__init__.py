"""Parameter grids with replications, on local processes or on a cluster: the same bytes."""
