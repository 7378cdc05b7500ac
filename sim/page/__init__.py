"""The model in one HTML file: Python in the browser, the simulator, and what is drawn of it."""

from sim.page.build import page

__all__ = ["page"]
