"""One image, every isolation: the engine and the measuring."""

__version__ = "0.1.0"
