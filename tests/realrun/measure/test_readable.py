"""What people see of an experiment: ratios, differences, and nothing where nothing is known."""

from __future__ import annotations

from realrun.measure import readable
from realrun.measure.rows import (
    DensityRow,
    DiskRow,
    MemoryRow,
    NeighbourRow,
    ReconciliationRow,
    WorkRow,
)

BOX, BARE = ("m", "container", "none"), ("m", "native", "none")
LEFT = (100.0, 10.0, 0.1, 0.1)


def lines_of(titled):
    return [lines for _, lines in titled]


def done(where, kind, amount, inside_s=1.0, failed=""):
    return WorkRow(*where, kind, "MiB", 1, 0, amount, inside_s, 1.0, 0.1, 0.2, failed)


def test_work_is_compared_to_native_by_rates():
    """Half the rate is a ratio of a half, and what failed is no trial."""
    rows = [done(BARE, "copies", 8.0), done(BOX, "copies", 8.0, 2.0)]
    rows += [done(BOX, "reads", None, None, "no disk"), done(BOX, "copies", None, None, "late")]
    lines, clocks = lines_of(readable.work(rows))
    assert lines[1:] == [
        ("copies [MiB]", "container", "4.00", "0.500", "0.500 - 0.500"),
        ("copies [MiB]", "native", "8.00", "1.000", "1.000 - 1.000"),
        ("reads [MiB]", "container", "failed", "", ""),
    ]
    assert clocks[1:] == [
        ("container", "+100.00%", "+100.00%", "+100.00%"), ("native", "+0.00%", "+0.00%", "+0.00%")
    ]  # fmt: skip


def test_neighbours_are_compared_to_peace():
    def row(noise, limit, amount, p99_s):
        how = "killed" if limit else "at work"
        return NeighbourRow(*BOX, noise, limit, how, "copies", "MiB", 1,
                            amount, 1.0, 1.0, 0.1, p99_s)  # fmt: skip

    rows = [row("", "", 10.0, 0.1), row("cpu", "", 2.0, 0.4), row("cpu", "--cpus 1", 9.0, 0.1)]
    (lines,) = lines_of(readable.neighbours(rows))
    assert [line[2:4] + line[5:] for line in lines[1:]] == [
        ("cpu", "0.200", "4.000"), ("cpu, --cpus 1, killed", "0.900", "1.000")
    ]  # fmt: skip


def test_a_full_machine_is_one_line():
    rows = [DensityRow(*BOX, n, n / 1000, *LEFT, "", "") for n in (1, 2)]
    rows.append(DensityRow(*BOX, 3, 0.009, 96.0, *LEFT[1:], "slow", ""))
    (lines,) = lines_of(readable.density(rows))
    assert lines[1:] == [("container", "3", "slow", "1.0", "9.0", "2.0")]


def test_an_image_is_told_once_and_instances_by_what_they_did():
    rows = [
        DiskRow(*BOX, 1, state, part, 2.0, value)
        for state in ("started", "changed 1 byte")
        for part, value in (("layers", 1.0), ("instances", len(state)))
    ]
    (lines,) = lines_of(readable.disk(rows))
    assert lines[1:] == [
        ("container", "instances", "1", "changed 1 byte", "2.00", "14.00"),
        ("container", "instances", "1", "started", "2.00", "7.00"),
        ("container", "layers", "", "", "2.00", "1.00"),
    ]


def test_accounts_stand_side_by_side_and_lead_to_each_other():
    rows = [MemoryRow(*BOX, 2, "pss", "total", value) for value in (1.0, 3.0)]
    rows.append(MemoryRow(*BOX, 2, "pss", "program", 99.0))
    for line, (kind, text, value) in enumerate(
        [("account", "rss", 5.0), ("line", "why", -3.0), ("account", "pss", 2.0)]
    ):
        for touched in ("own", "others"):
            rows.append(ReconciliationRow(*BOX, 2, touched, line, kind, text, value))
    rows.append(ReconciliationRow(*BOX, 4, "own", 0, "account", "rss", 50.0))
    accounts, way = lines_of(readable.memory(rows))
    assert accounts == [
        ("isolation", "n", *readable.ACCOUNTS),
        ("container", "2", "", "2.0", "", "", ""),
    ]
    assert way == [
        ("account or reason", "touched first: others", "touched first: own"),
        ("= rss", "5.00", "5.00"), ("  why", "-3.00", "-3.00"), ("= pss", "2.00", "2.00"),
    ]  # fmt: skip
