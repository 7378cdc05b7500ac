"""Experiments: each a function that answers one question, with rows as the measured tables have."""
