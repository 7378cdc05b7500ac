"""Amounts of which only the unit is known, as charts write them."""

from sim.wording import mib, seconds, three

UNITS = {"_s": "s", "_mib": "MiB", "_j": "J", "_ratio": "1", "_cores": "1", "_mean": "1"}


def unit_of(quantity: str) -> str:
    """The unit that the name of a quantity ends in; a bare number has the unit 1.

    >>> unit_of("took_s"), unit_of("used_mib"), unit_of("cold_ratio"), unit_of("lost")
    ('s', 'MiB', '1', '1')
    """
    return next((unit for end, unit in UNITS.items() if quantity.endswith(end)), "1")


def amount(value: float, unit: str) -> str:
    """A value with its unit.

    >>> amount(0.25, "s"), amount(2.0, "MiB"), amount(0.125, "1"), amount(12.0, "1")
    ('250 ms', '2.00 MiB', '0.125', '12')
    """
    if unit == "s":
        return seconds(value)
    if unit == "MiB":
        return mib(value)
    number = f"{value:,.0f}" if value == round(value) else three(value)
    return number if unit == "1" else f"{number} {unit}"
