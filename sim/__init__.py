"""The model: a simulator of starts, storms and memory, calibrated on measured tables.

Importing it costs nothing but the standard library: the engine, the model and the experiments
also run inside a browser. Pandas, matplotlib and scipy are loaded only by the modules that
draw conclusions and pictures (`sim.tables`, `sim.summary`, `sim.calibrate`, `sim.charts`,
`sim.report`).
"""

__version__ = "0.1.0"
__all__: list[str] = []
