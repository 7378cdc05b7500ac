"""All experiments that the frame knows, in the order of `bench all`."""

from __future__ import annotations

from realrun.measure.crowds import MEMORY
from realrun.measure.density import DENSITY
from realrun.measure.disk import DISK
from realrun.measure.instrument import INSTRUMENT
from realrun.measure.neighbours import NEIGHBOURS
from realrun.measure.startup import STARTUP
from realrun.measure.storm import STORM
from realrun.measure.work import WORK

EXPERIMENTS = {
    one.name: one for one in (INSTRUMENT, STARTUP, STORM, MEMORY, DENSITY, DISK, WORK, NEIGHBOURS)
}
