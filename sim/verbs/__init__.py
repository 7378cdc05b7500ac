"""The verbs of the command `sim` that are more than a few lines; heavy imports stay inside them."""
