"""What does a noisy neighbour cost, and does a quota help?"""

from math import inf

from sim.contract import Answer
from sim.engine.cpu import Group
from sim.engine.streams import drawn, stream
from sim.engine.tally import Tally
from sim.model.host import build_host
from sim.model.instance import Process
from sim.model.load import poisson
from sim.model.service import Request
from sim.profiles import Profile

LONG_S, LOAD_RATIO = 200.0, 0.3  # of one core, in a plain process
THREADS = 8  # of each neighbour, all of them busy all the time
LIMITS = ("none", "weight", "quota")
WEIGHT = 16.0
UNGROUPED = ("process",)  # nothing holds the threads together: each counts for itself


def neighbours(profile: Profile, isolation: str, *, seed: int = 0) -> list[Answer]:
    """Requests to one instance, beside none to many instances that keep eight threads busy.

    Question: how much slower is the one that works beside those that burn, and what does it help to
    give it 16 times the weight, or a quota to the others (half of the machine for all of them)?
    Beside a quarter as many neighbours as cores, as many, and four times as many. Plain processes
    have no weight or quota as a whole.
    """
    cores = profile.host.cores
    answers = []
    for count in (0, max(1, cores // 4), cores, 4 * cores):
        alone = count == 0 or isolation in UNGROUPED
        for limit in LIMITS[:1] if alone else LIMITS:
            found = beside(profile, isolation, count, limit, seed)
            case = f"neighbours={count} limit={limit}"
            answers += [
                Answer("neighbours", isolation, case, f"response_p{share}_s", found.quantile(at))
                for share, at in ((50, 0.5), (99, 0.99))
            ]
    return answers


def beside(profile: Profile, isolation: str, count: int, limit: str, seed: int) -> Tally:
    """Response times of one instance beside `count` neighbours."""
    kind, found, request = profile[isolation], Tally(), Request()
    host = build_host(profile.host, kind)
    quota_cores = host.cpu.cores / (2 * count) if limit == "quota" else inf
    victim: Group | None = None
    others: list[Group | None] = [None] * count
    if isolation not in UNGROUPED:
        victim = host.cpu.group(weight=WEIGHT if limit == "weight" else 1.0)
        others = [host.cpu.group(quota_cores=quota_cores) for _ in range(count)]
    for _ in range(count + 1):
        if kind.background_cores:
            host.background(kind.background_cores)

    def burn(group: Group | None) -> Process:
        while True:
            yield host.cpu.serve(LONG_S, THREADS, group)

    def answer(demand_s: float) -> Process:
        asked_s = host.env.now
        yield host.cpu.serve(demand_s * kind.cost_ratio(request.kind), group=victim)
        found.add(host.env.now - asked_s)

    def arrivals() -> Process:
        luck, work = stream(seed, "requests"), stream(seed, "work")
        mean_s = (request.cpu_s[0] / 2 + request.cpu_s[1] + request.cpu_s[2] / 2) / 2
        for at_s in poisson(luck, LOAD_RATIO / mean_s, LONG_S):
            yield host.env.timeout(at_s - host.env.now)
            host.env.process(answer(drawn(work, request.cpu_s)))

    for group in others:
        host.env.process(burn(group))
    host.env.process(arrivals())
    host.env.run(until=LONG_S)
    host.check()
    return found
