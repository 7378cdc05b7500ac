"""Images on hosts, background work, locks and disks of stages: times by hand."""

from dataclasses import replace

import pytest
import simpy

from sim.engine.streams import stream
from sim.model.host import build_host, memory_of
from sim.model.image import ImageStore, files_of, read
from sim.model.instance import start
from sim.profiles import Image, InstanceMemory, Layer
from tests.sim.profiles_made_up import profile, stage

HOST = replace(profile().host, link_mib_per_s=10.0, disk_mib_per_s=100.0, disk_operations_per_s=50)
PROCESS = profile().isolation["process"]
IMAGE = Image(
    layer=(
        Layer(name="base", packed_mib=10.0, unpacked_mib=50.0, unpack_cpu_s=1.0),
        Layer(name="app", packed_mib=10.0, unpacked_mib=20.0, unpack_cpu_s=0.0),
    ),
    read_ratio=0.5,
)


def fetched(store, images):
    env = store.host.env
    env.run(simpy.AllOf(env, [env.process(store.fetch(image)) for image in images]))
    store.host.check()
    return env.now


def test_layers_are_pulled_together_and_unpacked_in_turn():
    """20 MiB at 10 MiB/s end at 2 s; then 1 s of work and 0.5 s of writing; then 0.2 s."""
    store = ImageStore(build_host(HOST, PROCESS))
    assert not store.has(IMAGE)
    assert fetched(store, [IMAGE]) == pytest.approx(3.7)
    assert (store.has(IMAGE), store.pulled_mib) == (True, 20.0)


def test_who_asks_for_a_layer_on_its_way_waits_for_it():
    other = replace(IMAGE, layer=IMAGE.layer[:1])
    store = ImageStore(build_host(HOST, PROCESS))
    assert fetched(store, [IMAGE, other, IMAGE]) == pytest.approx(3.7)
    assert store.pulled_mib == 20.0
    assert fetched(store, [IMAGE]) == pytest.approx(3.7)


def test_a_start_reads_from_the_disk_once():
    host = build_host(HOST, PROCESS)
    host.env.run(host.env.process(read(host, IMAGE)))
    assert host.env.now == pytest.approx(0.35)
    host.memory.take("a", files=files_of(IMAGE))
    host.env.run(host.env.process(read(host, IMAGE)))
    assert host.env.now == pytest.approx(0.35)


def test_a_stage_uses_lock_disk_processor_and_waits_in_turn():
    """Two at once: the lock 1 s each in turn, then 0.5 s of disk, 1 s of work, 0.25 s waiting."""
    one = replace(
        stage("all", 1.0, 0.25), lock="mounts", hold_s=(1.0,), disk_mib=20.0, disk_operations=15.0
    )
    host, ends = build_host(HOST, PROCESS), []
    for number in range(2):
        process = host.env.process(start(host, (one,), stream(1, number)))
        process.callbacks.append(lambda _: ends.append(host.env.now))
    host.env.run()
    host.check()
    assert ends == pytest.approx([2.75, 3.75])


def test_guests_in_the_background_take_their_part():
    host = build_host(replace(HOST, cores=2), PROCESS)
    host.background(1.5)
    host.env.run(host.cpu.serve(1.0))
    assert host.env.now == pytest.approx(2.0)
    host.background(-1.5)
    host.env.run(host.cpu.serve(1.0))
    assert host.env.now == pytest.approx(3.0)


def test_memory_comes_from_the_profile_or_from_what_was_measured():
    assert memory_of(PROCESS).private_mib == 2.0
    own = InstanceMemory(private_mib=7.0, page_cache_mib=1.0)
    assert memory_of(replace(PROCESS, instance=own)) == own
    assert own.placed_mib == 8.0
