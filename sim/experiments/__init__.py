"""Experiments: each a function that answers one question, with rows as the measured tables have.

from sim import experiments

experiments.storm(profile, "container", [1, 2, 4])     # rows of storm.csv
experiments.side_by_side("density", profile)           # answers, isolation by isolation
"""

from sim.experiments.all import QUESTIONS, everything, side_by_side
from sim.experiments.cold_starts import cold_starts
from sim.experiments.cost import cost
from sim.experiments.density import density
from sim.experiments.failure import failure
from sim.experiments.memory import memory
from sim.experiments.neighbours import neighbours
from sim.experiments.overhead import overhead
from sim.experiments.rollout import rollout
from sim.experiments.startup import startup
from sim.experiments.storm import storm

__all__ = [
    "QUESTIONS",
    "cold_starts",
    "cost",
    "density",
    "everything",
    "failure",
    "memory",
    "neighbours",
    "overhead",
    "rollout",
    "side_by_side",
    "startup",
    "storm",
]
