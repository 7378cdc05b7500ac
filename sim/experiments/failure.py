"""How long is a fleet short of instances when hosts fail?"""

from collections.abc import Callable

from sim.contract import Answer
from sim.engine.events import Environment
from sim.engine.streams import stream
from sim.engine.tally import Tally
from sim.model.fleet import fleet_of
from sim.model.instance import Process
from sim.profiles import Profile

HOSTS, FULL_RATIO = 20, 0.7  # so much of the fleet's memory is taken before
MOST_EACH = 200  # instances on a host
NOTICED_S = 1.0  # until it is known that a host has failed
FAILED = (1, 4)


def failure(profile: Profile, isolation: str, *, seed: int = 0) -> list[Answer]:
    """Let one host of twenty fail, and four, with instances spread over all of them.

    Question: how long until the lost instances run again elsewhere, half of them and all, and how
    many find no room? That they are lost is noticed after NOTICED_S; all are started again at once.
    """
    answers = []
    for failed in FAILED:
        found = _Failure(profile, isolation, seed)
        found.run(failed)
        quantities = {
            "lost": float(found.lost),
            "back_p50_s": found.back_s.quantile(0.5),
            "back_all_s": found.back_s.largest if found.back_s.count else float("nan"),
            "without_room": float(found.lost - found.back_s.count),
        }
        answers += [
            Answer("failure", isolation, f"failed={failed} of {HOSTS}", quantity, value)
            for quantity, value in quantities.items()
        ]
    return answers


class _Failure:
    def __init__(self, profile: Profile, isolation: str, seed: int) -> None:
        self.env = Environment()
        self.fleet = fleet_of(self.env, HOSTS, profile, isolation, "spread")
        each = int(self.fleet.room_mib * FULL_RATIO / self.fleet.memory.placed_mib)
        self.each = max(1, min(each, MOST_EACH))
        self.luck = stream(seed, "stages")
        self.back_s = Tally()
        self.lost = 0

    def run(self, failed: int) -> None:
        """Fill the fleet, let the first hosts fail, and wait until all is well."""
        for _ in range(HOSTS * self.each):
            self.env.process(self._instance(lambda: None))
        self.env.run()
        self.env.process(self._fail(failed))
        self.env.run()
        for host in self.fleet.used():
            host.check()

    def _fail(self, failed: int) -> Process:
        failed_s = self.env.now
        for number in range(failed):
            self.lost += len(self.fleet.residents[number])
            self.fleet.fail(number)
        yield self.env.timeout(NOTICED_S)

        def ready() -> None:
            self.back_s.add(self.env.now - failed_s)

        for _ in range(self.lost):
            self.env.process(self._instance(ready))

    def _instance(self, ready: Callable[[], None]) -> Process:
        placed = self.fleet.enter()
        if placed is None:
            return
        yield from self.fleet.begin(placed[0], self.luck)
        self.fleet.residents[placed[0]][placed[1]] = None  # it runs, and nobody waits for it
        ready()
