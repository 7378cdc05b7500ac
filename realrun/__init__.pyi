"""For type checkers: the verbs are loaded when they are first asked for, and typed in `api`."""

from typing import Any

from realrun.api import Container as Container
from realrun.api import Image as Image
from realrun.api import Result as Result
from realrun.api import base as base
from realrun.api import bench as bench
from realrun.api import build as build
from realrun.api import container as container
from realrun.api import containers as containers
from realrun.api import create as create
from realrun.api import images as images
from realrun.api import isolations as isolations
from realrun.api import run as run
from realrun.api import tag as tag

__version__: str

class Verb(Any):
    def __call__(self, *args: Any, **options: Any) -> Any: ...
