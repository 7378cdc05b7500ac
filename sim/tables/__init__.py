"""Tables in, frames and summaries out: what charts and reports draw and print."""

from sim.tables.frames import Tables, as_frame, load, load_if_there, together

__all__ = ["Tables", "as_frame", "load", "load_if_there", "together"]
