"""What SimPy lacks: a processor that is shared, memory that is shared, named randomness."""
