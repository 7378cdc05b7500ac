"""What the command line takes: each verb with its options, by the part of the work it is for."""
