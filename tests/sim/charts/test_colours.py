"""Isolations are told apart by colour however one sees it, in grey, and by shape."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from sim.charts.style import COLOURS, MARKERS, MUTED, PAPER
from sim.contract import ISOLATIONS, MODELLED

# Seen by eyes that lack a kind of cone: G. M. Machado, M. M. Oliveira, L. A. F. Fernandes, "A
# Physiologically-based Model for Simulation of Color Vision Deficiency", IEEE TVCG 15(6), 2009,
# table 1, severity 1.0; on linear RGB.
EYES = {
    "normal": np.eye(3),
    "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                            [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                              [-0.011820, 0.042940, 0.968881]]),
}  # fmt: skip
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
APART, GREY_APART, CONTRAST = 15.0, 8.0, 3.0  # CIE L*a*b*: 2 is just seen; WCAG 2.2, 1.4.11


def linear(colour: str) -> np.ndarray:
    """sRGB without its gamma (IEC 61966-2-1)."""
    rgb = np.array(to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIE L*a*b* (1976) of linear RGB, white being D65."""
    ratio = TO_XYZ @ np.clip(rgb, 0, 1) / np.array([0.9505, 1.0, 1.089])
    x, y, z = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("eyes", EYES)
def test_any_two_isolations_are_told_apart(eyes):
    seen = {name: lab(EYES[eyes] @ linear(colour)) for name, colour in COLOURS.items()}
    close = {
        pair: round(float(np.linalg.norm(seen[pair[0]] - seen[pair[1]])), 1)
        for pair in combinations(seen, 2)
        if np.linalg.norm(seen[pair[0]] - seen[pair[1]]) < APART
    }
    assert close == {}


def test_those_that_are_measured_are_told_apart_in_grey():
    lightness = sorted(lab(linear(COLOURS[name]))[0] for name in ISOLATIONS)
    assert min(np.diff(lightness)) >= GREY_APART


def test_everything_is_seen_on_paper():
    def light(colour: str) -> float:
        return float(TO_XYZ[1] @ linear(colour)) + 0.05

    pale = {name: light(PAPER) / light(colour) for name, colour in COLOURS.items()}
    assert {name: ratio for name, ratio in pale.items() if ratio < CONTRAST} == {}
    assert light(PAPER) / light(MUTED) >= 4.5  # small print


def test_every_isolation_has_a_colour_and_a_shape_of_its_own():
    assert COLOURS.keys() == MARKERS.keys() == set(MODELLED)
    assert len(set(MARKERS.values())) == len(MARKERS)
