"""How long does it take to start many at once?"""

import random
from collections.abc import Sequence

from sim.contract import StormRow
from sim.engine.streams import stream
from sim.model.host import HostModel, build_host
from sim.model.instance import Process, Span, check_spans, start
from sim.profiles import Isolation, Profile, Stage


def storm(
    profile: Profile, isolation: str, ns: Sequence[int], *, repeats: int = 15, seed: int = 0
) -> list[StormRow]:
    """Request `n` instances of one image at the same moment, for each n of `ns`, `repeats` times.

    Question: when is each of them ready, and when is the last? All are requested at 0 s.
    Same profile and seed: same rows.
    """
    kind = profile[isolation]
    head = (profile.provenance.machine, isolation, kind.accelerator)
    return [
        StormRow(*head, n, repeat, instance, 0.0, ready_s)
        for n in ns
        for repeat in range(repeats)
        for instance, ready_s in enumerate(one_storm(profile, kind, n, repeat, seed))
    ]


def one_storm(
    profile: Profile,
    kind: Isolation,
    n: int,
    repeat: int,
    seed: int,
    traced: list[list[Span]] | None = None,
    asked_s: Sequence[float] = (),
    busy_cores: float = 0.0,
) -> list[float]:
    """When each of `n` instances is ready; `traced` gets their stages.

    They are requested at 0 s, or at `asked_s`, one time each. Other work keeps `busy_cores` busy.
    """
    if n < 1:
        raise ValueError(f"n must be >= 1, got {n}")
    host = build_host(profile.host, kind)
    if busy_cores:
        host.background(busy_cores)
    ready_s = [0.0] * n
    spans: list[list[Span]] = [[] for _ in range(n)]
    plans = [kind.stage] * n
    if kind.pool_of is not None:  # those that the pool has no instance for are started anew
        filler = profile[profile.filler(kind.pool_of)]
        plans = [kind.stage if at < kind.pool_instances else filler.stage for at in range(n)]
    for instance, plan in enumerate(plans):
        luck = stream(seed, "spread", repeat, instance)
        at_s = asked_s[instance] if asked_s else 0.0
        host.env.process(_instance(host, plan, at_s, instance, luck, ready_s, spans[instance]))
    host.env.run()
    host.check()
    if traced is not None:
        traced += spans
    return ready_s


def _instance(
    host: HostModel,
    plan: Sequence[Stage],
    at_s: float,
    instance: int,
    luck: random.Random,
    ready_s: list[float],
    spans: list[Span],
) -> Process:
    if at_s:
        yield host.env.timeout(at_s)
    yield from start(host, plan, luck, spans.append)
    ready_s[instance] = host.env.now
    check_spans(spans, asked_s=at_s, ready_s=host.env.now)
