"""Charts: each a function of a table and an Axes that returns the Axes and computes nothing.

The tables are those of `sim.tables.summary`. They carry `source`, `machine` and `accelerator`, from
which every chart says on its face what it shows: measured, recorded or simulated.
"""
