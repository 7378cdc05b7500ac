"""Charts: each a function of a table that returns a picture and computes nothing but its layout.

    from sim.charts import waterfall
    waterfall(median_start(tables.startup))

docs/charts.md lists them with the functions that make their tables. The tables carry `source`,
`machine`, `isolation` and `accelerator`, from which every chart says on its face what it shows.
"""

from sim.charts.chart import Chart
from sim.charts.figures.accounts import accounts_alt, accounts_figure
from sim.charts.figures.answers import answers_alt, answers_figure
from sim.charts.figures.comparison import comparison_alt, comparison_figure
from sim.charts.figures.density import density_alt, density_figure, fits_alt, fits_figure
from sim.charts.figures.disk import disk_alt, disk_figure, layers_alt, layers_figure
from sim.charts.figures.memory import (
    memory_alt,
    memory_figure,
    memory_parts_alt,
    memory_parts_figure,
)
from sim.charts.figures.published import published_alt, published_figure
from sim.charts.figures.sensitivity import sensitivity_alt, sensitivity_figure
from sim.charts.figures.served import (
    cold_starts_alt,
    cold_starts_figure,
    fleet_alt,
    fleet_figure,
)
from sim.charts.figures.stacks import stacks_alt, stacks_figure
from sim.charts.figures.starts import starts_alt, starts_figure
from sim.charts.figures.storm import latencies_alt, latencies_figure, storm_alt, storm_figure
from sim.charts.figures.validation import validation_alt, validation_figure
from sim.charts.figures.waterfall import waterfall_alt, waterfall_figure
from sim.charts.figures.work import neighbours_alt, neighbours_figure, work_alt, work_figure
from sim.charts.picture import Picture, save
from sim.charts.style import styled
from sim.charts.widgets import explore
from sim.language import LANGUAGES, speak

_KEY = ("source", "machine", "isolation", "accelerator")
_N = (*_KEY, "n")

stacks = Chart(stacks_figure, stacks_alt, (*_N, "part", "value_mib"), "one_instance")
waterfall = Chart(
    waterfall_figure, waterfall_alt, (*_KEY, "phase", "begin_s", "duration_s"), "median_start"
)
starts = Chart(starts_figure, starts_alt, (*_KEY, "run", "total_s"), "start_totals")
storm = Chart(
    storm_figure,
    storm_alt,
    (*_N, "makespan_s", "low_s", "high_s", "p50_s", "storms"),
    "storm_points",
)
latencies = Chart(latencies_figure, latencies_alt, (*_N, "latency_s"), "latencies")
memory = Chart(memory_figure, memory_alt, (*_N, "part", "value_mib"), "memory_points")
memory_parts = Chart(
    memory_parts_figure, memory_parts_alt, (*_N, "part", "value_mib"), "memory_points"
)
accounts = Chart(
    accounts_figure,
    accounts_alt,
    (*_N, "touched", "kind", "text", "value_mib", "begin_mib"),
    "way_between",
)
density = Chart(density_figure, density_alt, (*_N, "start_s", "stop"), "read")
fits = Chart(fits_figure, fits_alt, (*_N, "stop"), "last_that_fitted")
disk = Chart(
    disk_figure, disk_alt, (*_N, "what", "shared", "apparent_mib", "allocated_mib"), "disk_use"
)
layers = Chart(
    layers_figure,
    layers_alt,
    ("source", "machine", "image", "created_by", "size_mib", "adds", "changes", "hides"),
    "image_layers",
)
work = Chart(
    work_figure, work_alt, (*_KEY, "kind", "trials", "ratio", "low", "high"), "work_ratios"
)
neighbours = Chart(
    neighbours_figure,
    neighbours_alt,
    (*_KEY, "kind", "noise", "limit", "trials", "ratio", "low", "high"),
    "beside_neighbours",
)
validation = Chart(
    validation_figure,
    validation_alt,
    (*_N, "quantity", "error_ratio", "held_out"),
    "prediction_errors",
)
sensitivity = Chart(
    sensitivity_figure,
    sensitivity_alt,
    (*_N, "quantity", "name", "low", "middle", "high", "total", "spread"),
    "swung",
)
cold_starts = Chart(
    cold_starts_figure,
    cold_starts_alt,
    (*_KEY, "policy", "t_s", "every_s", "asked", "cold", "running"),
    "over_time",
)
fleet = Chart(fleet_figure, fleet_alt, (*_KEY, "policy", "t_s", "host", "instances"), "over_time")
answers = Chart(
    answers_figure, answers_alt, (*_KEY, "experiment", "case", "quantity", "value"), "answered"
)
published = Chart(
    published_figure,
    published_alt,
    ("source", "citation", "curve_id", "system", "x", "x_name", "y", "y_name", "unit", "n"),
    "published_points",
)
comparison = Chart(
    comparison_figure,
    comparison_alt,
    ("experiment", "arm", "unit", "a_n", "b_n", "ratio", "verdict"),
    "realrun compare",
)

CHARTS = (
    stacks,
    waterfall,
    starts,
    storm,
    latencies,
    memory,
    memory_parts,
    accounts,
    density,
    fits,
    disk,
    layers,
    work,
    neighbours,
    validation,
    sensitivity,
    cold_starts,
    fleet,
    answers,
    published,
    comparison,
)

__all__ = [
    "CHARTS",
    "LANGUAGES",
    "Chart",
    "Picture",
    "accounts",
    "answers",
    "cold_starts",
    "comparison",
    "density",
    "disk",
    "explore",
    "fits",
    "fleet",
    "latencies",
    "layers",
    "memory",
    "memory_parts",
    "neighbours",
    "published",
    "save",
    "sensitivity",
    "speak",
    "stacks",
    "starts",
    "storm",
    "styled",
    "validation",
    "waterfall",
    "work",
]
