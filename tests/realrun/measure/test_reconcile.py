"""From one account to the next: every line is a difference, and the rest is said to be one."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from realrun.measure import reconcile
from realrun.measure.accounts import CHARGED, Record, read
from realrun.measure.reconcile import ACCOUNT, LINE, NOISE, UNEXPLAINED

kib = st.integers(0, 1 << 22)
grown = st.integers(-(1 << 22), 1 << 22)
ROLLUP = ("Rss", "Pss", "Pss_Anon", "Pss_File", "Pss_Shmem", "Private_Clean", "Private_Dirty")
MACHINE = ("MemAvailable", "AnonPages", "Shmem", "SetAside", *reconcile.KERNEL)


def counters(keys: tuple[str, ...], values: st.SearchStrategy[int]) -> st.SearchStrategy[Counter]:
    return st.fixed_dictionaries(dict.fromkeys(keys, values)).map(Counter)


rollups = counters(ROLLUP, kib)
charges = st.none() | counters((*CHARGED, "mapped", "total"), kib).map(dict)
records = st.builds(
    Record,
    instances=rollups,
    parts=st.just(Counter()),
    helpers=st.dictionaries(st.sampled_from(["realrun", "virtiofsd"]), rollups, max_size=2),
    charged=st.lists(charges, min_size=1, max_size=3),
    guests=st.just(Counter()),
)


@given(records, counters(MACHINE, grown), counters(MACHINE, grown))
def test_each_account_is_the_one_before_and_the_lines_between(found, machine, drift):
    """However little the accounts have to do with each other."""
    told = reconcile.lines(found, machine, drift)
    at = told[0].kib
    for line in told[1:-1]:
        if line.kind == ACCOUNT:
            assert line.kib == at
        at = line.kib if line.kind == ACCOUNT else at + line.kib
    accounts = {line.text: line.kib for line in told if line.kind == ACCOUNT}
    grouped = all(one is not None for one in found.charged)
    assert list(accounts) == ["rss", "pss", *["cgroup"] * grouped, "available"]
    amounts = read(found)
    for name in accounts.keys() - {"available"}:
        assert accounts[name] == amounts[name, "total"] * 1024
    assert accounts["available"] == -machine["MemAvailable"]
    assert sum(line.kind == UNEXPLAINED for line in told) == 1 + grouped
    assert (told[-1].kind, told[-1].kib) == (NOISE, -drift["MemAvailable"])


def test_a_machine_without_secrets_leaves_nothing_unexplained():
    """Two instances that share a file of 100, each with 50 of its own and 20 of the kernel's; the
    first is charged with the file, and the machine's lines have grown by just that."""
    instances = Counter(Rss=300, Pss=200, Pss_Anon=100, Pss_File=100, Private_Dirty=100)
    first = {"anon": 50, "file": 100, "shmem": 0, "mapped": 100, "page tables": 5,
             "kernel stack": 15, "slab": 0, "other kernel": 0, "total": 170}  # fmt: skip
    last = first | {"file": 0, "mapped": 0, "total": 70}
    found = Record(instances, Counter(), {}, [first, last], Counter())
    machine = Counter(AnonPages=100, PageTables=10, KernelStack=30, SetAside=-20, MemAvailable=-120)
    told = reconcile.lines(found, machine, Counter())
    assert [line.kib for line in told if line.kind == UNEXPLAINED] == [0, 0]
    assert [line.kib for line in told if line.kind == ACCOUNT] == [300, 200, 240, 120]
    assert [line for line in told if line.kind == LINE and line.kib] == [
        (LINE, "pages that others have as well, by their part", -100),
        (LINE, "kernel: page tables", 10),
        (LINE, "kernel: kernel stack", 30),
        (LINE, "files: the page cache counts as available", -100),
        (LINE, "free pages that the processors have set aside", -20),
    ]


def test_this_machines_lines_are_read():
    told = reconcile.meminfo()
    assert {*MACHINE} <= told.keys()
    assert reconcile.grown(told, told) == dict.fromkeys(told, 0)
