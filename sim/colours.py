"""The one table of colours: of charts, timelines and pages, on light ground and on dark.

Names are those of the isolations, and of what stands around them. Isolations are told apart by
those who see no red or no green, and the four that are measured also in grey; shape, place and name
say the same again.
"""

from sim.contract import MODELLED

LIGHT = {
    "ink": "#1f2328",
    "muted": "#59636e",
    "grid": "#d8dee4",
    "paper": "#ffffff",
    "plate": "#8c959f",
    "ground": "#f6f8fa",
    "link": "#0a5cad",
    "process": "#008F68",
    "container": "#00528A",
    "uml": "#C97BAA",
    "qemu": "#AD4400",
    "sandbox": "#4A3200",
    "microvm": "#4A63E6",
    "vm": "#2A1680",
    "snapshot": "#1C1C1C",
    "pool": "#B08D00",
}
DARK = {
    "ink": "#e6edf3",
    "muted": "#9aa4af",
    "grid": "#30363d",
    "paper": "#161b22",
    "plate": "#6e7681",
    "ground": "#0d1117",
    "link": "#6cb6ff",
    "process": "#1fc99a",
    "container": "#56b4e9",
    "uml": "#e29cc4",
    "qemu": "#f0813a",
    "sandbox": "#c9a66b",
    "microvm": "#8c9eff",
    "vm": "#c3b2ff",
    "snapshot": "#d0d7de",
    "pool": "#e3c34d",
}
# What is printed stands on white, and grey ink is hard to read there.
PRINTED = LIGHT | {"ink": "#000000", "muted": "#444444", "grid": "#cccccc", "ground": "#ffffff"}
COLOURS = {name: LIGHT[name] for name in MODELLED}


def variables() -> str:
    """The tables as variables of a style sheet: light, dark where the reader has it so, printed."""
    tables = (
        ("", LIGHT),
        ("@media (prefers-color-scheme: dark) ", DARK),
        ("@media print ", PRINTED),
    )
    return "\n".join(_rule(where, table) for where, table in tables)


def _rule(where: str, table: dict[str, str]) -> str:
    inside = " ".join(f"--{name}: {colour};" for name, colour in table.items())
    return f"{where}{{ :root {{ {inside} }} }}" if where else f":root {{ {inside} }}"
