"""The kernel is spoken to here and nowhere else: one module a mechanism."""
