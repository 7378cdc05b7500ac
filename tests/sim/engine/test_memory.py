"""Memory: what is shared counts once, what is needed goes round, nothing gets lost."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.engine.memory import Memory
from sim.engine.streams import stream
from sim.errors import DoesNotFit, ModelBroken
from tests.sim.engine.trials import agree

MIB = st.integers(0, 1000)


@given(st.integers(1, 20), MIB, MIB, MIB)
def test_what_is_shared_is_in_memory_once(n, private_mib, layer_mib, kernel_mib):
    """n * private + layer + kernel; behind the last one the layer stays cached, the kernel not."""
    memory = Memory(capacity_mib=1e6)
    for at in range(n):
        memory.take(str(at), private_mib, files={"layer": layer_mib}, merged={"kernel": kernel_mib})
    assert memory.used_mib == n * private_mib + layer_mib + kernel_mib
    for at in range(n):
        memory.check()
        memory.give_back(str(at))
    assert memory.used_mib == memory.cached_mib == layer_mib
    memory.drop_cache()
    assert memory.used_mib == 0


MOVES = st.lists(
    st.tuples(st.sampled_from("abcd"), MIB, MIB, st.sets(st.sampled_from("xyz")), st.booleans()),
    max_size=30,
)


@given(MOVES)
def test_the_law_holds_whatever_comes_and_goes(moves):
    memory, held = Memory(capacity_mib=2000), set()
    for holder, private_mib, reclaimable_mib, files, leaves in moves:
        if leaves and holder in held:
            memory.give_back(holder)
            held.remove(holder)
            continue
        before = memory.used_mib, memory.cached_mib, memory.reclaimable_mib
        try:
            layers = dict.fromkeys(files, 300)
            memory.take(holder, private_mib, reclaimable_mib=reclaimable_mib, files=layers)
            held.add(holder)
        except DoesNotFit:
            assert (memory.used_mib, memory.cached_mib, memory.reclaimable_mib) == before
        memory.check()
        assert memory.used_mib <= memory.capacity_mib
        assert 0 <= memory.cached_mib + memory.reclaimable_mib <= memory.used_mib
    for holder in held:
        memory.give_back(holder)
    memory.drop_cache()
    assert memory.used_mib == 0


def test_what_does_not_fit_changes_nothing():
    memory = Memory(capacity_mib=100)
    memory.take("a", 60)
    with pytest.raises(DoesNotFit, match="b needs 50 MiB more, but 60 of 100 MiB are in use"):
        memory.take("b", 50)
    assert memory.used_mib == 60
    memory.take("b", 40)
    assert memory.used_mib == 100


def test_the_cache_goes_first_then_the_balloon_of_the_oldest():
    memory = Memory(capacity_mib=100)
    memory.take("gone", files={"old": 20})
    memory.give_back("gone")
    memory.take("a", 10, reclaimable_mib=30)
    memory.take("b", 10, reclaimable_mib=30)
    memory.take("c", 20)
    assert (memory.holds("old"), memory.reclaimable_mib) == (False, 60)
    memory.take("d", 40)
    assert (memory.reclaimable_mib, memory.used_mib, memory.reclaimed_mib) == (20, 100, 60)
    memory.give_back("a")
    memory.give_back("b")
    memory.check()
    assert memory.used_mib == 60


def test_a_cached_file_that_is_mapped_again_is_not_evicted_for_it():
    memory = Memory(capacity_mib=100)
    memory.take("a", files={"base": 40, "app": 20})
    memory.give_back("a")
    memory.take("b", 30, files={"new": 30, "base": 40})
    assert (memory.holds("base"), memory.holds("app"), memory.used_mib) == (True, False, 100)
    with pytest.raises(DoesNotFit, match="100 of 100 MiB are in use"):
        memory.take("c", 1)


@given(st.integers(1, 50), st.sampled_from([1.0, 1.5, 2.0]))
def test_as_many_are_promised_as_the_overcommit_allows(size_mib, overcommit_ratio):
    """floor(capacity * ratio / size) guests, though none has touched anything yet."""
    memory = Memory(capacity_mib=100, overcommit_ratio=overcommit_ratio)
    most = int(100 * overcommit_ratio / size_mib)
    for guest in range(most):
        memory.take(str(guest), promised_mib=size_mib)
    with pytest.raises(DoesNotFit, match="that may be promised already are"):
        memory.take("one too many", promised_mib=size_mib)
    memory.give_back("0")
    memory.take("instead", promised_mib=size_mib)


def test_who_touches_what_was_promised_may_be_too_late():
    memory = Memory(capacity_mib=100, overcommit_ratio=2)
    for name in "ab":
        memory.take(name, promised_mib=100)
    memory.take("a", 80)
    with pytest.raises(DoesNotFit, match="b needs 30 MiB more, but 80 of 100 MiB are in use"):
        memory.take("b", 30)


def test_the_cache_hits_as_often_as_theory_says():
    """Least recently used, room for 2 of 4 files, independent references: King's formula."""
    popular = dict(zip("wxyz", (0.5, 0.25, 0.15, 0.1), strict=True))
    expected = sum(
        popular[a] * popular[b] / (1 - popular[a]) * (popular[a] + popular[b])
        for a, b in permutations(popular, 2)
    )
    found = []
    for repeat in range(20):
        memory, luck, hits = Memory(capacity_mib=2), stream(1, "files", repeat), 0
        for name in luck.choices(list(popular), list(popular.values()), k=2000):
            hits += memory.holds(name)
            memory.take("reader", files={name: 1})
            memory.give_back("reader")
        found.append(hits / 2000)
    agree(found, expected)


def test_lost_memory_is_a_broken_model():
    memory = Memory(capacity_mib=100)
    memory.take("a", 60)
    memory.used_mib -= 1
    with pytest.raises(ModelBroken, match="-1"):
        memory.check()
    memory = Memory(capacity_mib=100)
    memory.take("a", 60)
    memory.capacity_mib = 50
    with pytest.raises(ModelBroken, match=r"60\.0 of 50 MiB in use"):
        memory.check()


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda: Memory(0), "capacity_mib must be > 0, got 0"),
        (lambda: Memory(1, overcommit_ratio=0), "overcommit_ratio must be > 0, got 0"),
        (lambda: Memory(9).take("a", files={"x": -1}), "memory must be >= 0 MiB, got -1"),
    ],
)
def test_nonsense_is_refused_with_value_and_rule(change, rule):
    with pytest.raises(ValueError, match=rule):
        change()
