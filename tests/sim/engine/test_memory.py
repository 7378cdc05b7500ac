"""Memory: the image counts once, everything else for each holder, nothing gets lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.engine.memory import Memory
from sim.errors import DoesNotFit, ModelBroken

MIB = st.integers(0, 1000)


@given(st.integers(1, 20), MIB, MIB)
def test_an_image_is_in_memory_once(n, private_mib, image_mib):
    memory = Memory(capacity_mib=1e6)
    for at in range(n):
        memory.take(str(at), private_mib, image="hello", image_mib=image_mib)
    assert memory.used_mib == n * private_mib + image_mib
    for at in range(n):
        memory.check()
        memory.give_back(str(at))
    assert memory.used_mib == 0


@given(st.lists(st.tuples(st.sampled_from("abc"), MIB, st.booleans()), max_size=30))
def test_the_law_holds_whatever_comes_and_goes(moves):
    memory, held = Memory(capacity_mib=2000), set()
    for holder, private_mib, shares in moves:
        if holder in held:
            memory.give_back(holder)
            held.remove(holder)
            continue
        try:
            memory.take(holder, private_mib, image="hello" if shares else None, image_mib=100)
            held.add(holder)
        except DoesNotFit:
            pass
        memory.check()
        assert memory.used_mib <= memory.capacity_mib


def test_what_does_not_fit_changes_nothing():
    memory = Memory(capacity_mib=100)
    memory.take("a", 60)
    with pytest.raises(DoesNotFit, match="b needs 50 MiB more, but 60 of 100 MiB are in use"):
        memory.take("b", 50)
    assert memory.used_mib == 60
    memory.take("b", 40)
    assert memory.used_mib == 100


def test_lost_memory_is_a_broken_model():
    memory = Memory(capacity_mib=100)
    memory.take("a", 60)
    memory.used_mib -= 1
    with pytest.raises(ModelBroken, match="-1"):
        memory.check()


def test_nobody_holds_twice():
    memory = Memory(capacity_mib=100)
    memory.take("a", 1)
    with pytest.raises(ValueError, match="holder 'a' has memory already"):
        memory.take("a", 1)
