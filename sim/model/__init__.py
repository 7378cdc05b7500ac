"""The model: a host, and instances that pass through the stages of their plan on it."""
