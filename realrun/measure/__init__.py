"""Measuring: experiments that start real instances and return the rows of a table."""
