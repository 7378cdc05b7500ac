from __future__ import annotations

from pathlib import Path

import pytest

from tests.realrun.build.workshop import Workshop


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """A fresh workshop with an image called `base`."""
    made = Workshop(tmp_path)
    made.base()
    return made
