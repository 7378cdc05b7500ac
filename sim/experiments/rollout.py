"""How long does a new image take to be everywhere?"""

from math import fsum

import simpy

from sim.contract import Answer
from sim.engine.device import Device
from sim.engine.events import Environment
from sim.engine.streams import stream
from sim.errors import SimError, nearest
from sim.model.host import HostModel, build_host
from sim.model.image import ImageStore, read
from sim.model.instance import Process, start
from sim.profiles import Image, Profile

HOSTS, EACH = 20, 10  # instances on each host
REGISTRY_LINKS = 4  # the registry can feed so many hosts' links at full speed
AT_ONCE = {"one by one": 1, "a quarter": HOSTS // 4, "all": HOSTS}


def rollout(
    profile: Profile, isolation: str, *, seed: int = 0, image: str | None = None
) -> list[Answer]:
    """Replace all instances in a fleet by those of a new image, some hosts at a time.

    Question: how long does it take, what comes over the network, and how much of the fleet serves
    at the worst moment? A host pulls and unpacks the image while its old instances still serve,
    then stops them and starts as many new ones. All pull from one registry. `image`: of the
    profile, the last one if left out.
    """
    name = image or next(reversed([*profile.image]), "")
    if name not in profile.image:
        raise SimError(f"image {name!r} is not in the profile; {nearest(name, profile.image)}")
    answers = []
    for case, at_once in AT_ONCE.items():
        found = _Rollout(profile, isolation, profile.image[name], seed)
        found.run(at_once)
        quantities = {
            "took_s": found.env.now,
            "pulled_mib": found.pulled_mib,
            "least_serving_ratio": found.least_serving / (HOSTS * EACH),
        }
        answers += [
            Answer("rollout", isolation, f"hosts at once={case}", quantity, value)
            for quantity, value in quantities.items()
        ]
    return answers


class _Rollout:
    def __init__(self, profile: Profile, isolation: str, image: Image, seed: int) -> None:
        self.env = Environment()
        self.profile, self.kind, self.image, self.seed = profile, profile[isolation], image, seed
        self.registry: Device | None = None
        if profile.host.link_mib_per_s is not None:
            self.registry = Device(self.env, profile.host.link_mib_per_s * REGISTRY_LINKS)
        self.serving = self.least_serving = HOSTS * EACH
        self.pulled_mib = 0.0

    def run(self, at_once: int) -> None:
        """Until all hosts have the new image; `at_once` work on it at any time."""
        waiting = list(reversed(range(HOSTS)))
        for _ in range(min(at_once, HOSTS)):
            self.env.process(self._worker(waiting))
        self.env.run()

    def _worker(self, waiting: list[int]) -> Process:
        while waiting:
            yield self.env.process(self._host(waiting.pop()))

    def _host(self, number: int) -> Process:
        host = build_host(self.profile.host, self.kind, self.env)
        store = ImageStore(host)
        fetching: list[simpy.Event] = [self.env.process(store.fetch(self.image))]
        if self.registry is not None:
            packed_mib = fsum(layer.packed_mib for layer in self.image.layer)
            fetching.append(self.registry.transfer(packed_mib))
        yield simpy.AllOf(self.env, fetching)
        self.pulled_mib += store.pulled_mib
        self.serving -= EACH
        self.least_serving = min(self.least_serving, self.serving)
        starts = [self.env.process(self._instance(host, number, at)) for at in range(EACH)]
        yield simpy.AllOf(self.env, starts)
        host.check()

    def _instance(self, host: HostModel, number: int, at: int) -> Process:
        yield from read(host, self.image)
        yield from start(host, self.kind.stage, stream(self.seed, "spread", number, at))
        self.serving += 1
