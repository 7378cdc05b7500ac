"""What SimPy lacks: capacity shared by weight, memory shared by content, named randomness."""
