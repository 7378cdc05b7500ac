"""Many starts on one clock: an animated picture, self-contained, that needs no framework."""

from sim.timeline.document import Timeline, frame, timeline

__all__ = ["Timeline", "frame", "timeline"]
