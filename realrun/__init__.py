"""One image, every isolation: the engine and the measuring.

The command line is `realrun.cli`, the Python interface `realrun.api`.
"""

from __future__ import annotations

__version__ = "0.1.0"
