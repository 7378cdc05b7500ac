"""Measured tables in, a profile out, with the error of what it predicts."""

from sim.calibrate.fit import Calibration, calibrate, held_out_errors

__all__ = ["Calibration", "calibrate", "held_out_errors"]
