"""Closed forms that the model is checked against. Rates per second, times in seconds.

In Kendall's words: arrivals/services/servers/places, M for exponential, G for any, PS for
processor sharing. Means over a long time, for loads that a station can carry; ValueError else.

Sources: M. Harchol-Balter, "Performance Modeling and Design of Computer Systems", Cambridge
University Press 2013 (Little: chapter 6; bounds: 7; M/M/1: 13; M/M/c: 14; M/G/1: 23; PS: 30);
E. Lazowska et al., "Quantitative System Performance", Prentice-Hall 1984 (bounds: chapter 5);
D. Gross, C. Harris, "Fundamentals of Queueing Theory", Wiley 1998 (finite sources and places: 2);
G. Fayolle, I. Mitrani, R. Iasnogorodski, "Sharing a processor among many job classes", J. ACM
27(3), 1980 (weights).
"""

from collections.abc import Sequence
from itertools import accumulate
from math import fsum
from operator import mul
from typing import NamedTuple


class Station(NamedTuple):
    """Long-run means of one station."""

    served_per_s: float
    inside: float  # how many are waiting or being served
    sojourn_s: float  # from arrival to departure, of those that were let in
    refused_ratio: float = 0.0  # of the arrivals


def utilisation(arrivals_per_s: float, demand_s: float, servers: float = 1) -> float:
    """Utilisation law: the share of the time that each of `servers` is busy.

    >>> utilisation(arrivals_per_s=3, demand_s=0.5, servers=2)
    0.75
    """
    return arrivals_per_s * demand_s / servers


def little(arrivals_per_s: float, sojourn_s: float) -> float:
    """Little's law: how many are inside, on average, if nothing gets lost.

    >>> little(arrivals_per_s=10, sojourn_s=0.5)
    5.0
    """
    return arrivals_per_s * sojourn_s


def mm1_sojourn_s(arrivals_per_s: float, service_per_s: float) -> float:
    """M/M/1, any order of service that ignores sizes: mean time from arrival to departure.

    >>> mm1_sojourn_s(arrivals_per_s=0.5, service_per_s=1.0)
    2.0
    """
    _carried(utilisation(arrivals_per_s, 1 / service_per_s))
    return 1 / (service_per_s - arrivals_per_s)


def mmc_sojourn_s(arrivals_per_s: float, service_per_s: float, servers: int) -> float:
    """M/M/c, one queue before `servers`: Erlang's C formula, then the mean wait and the service.

    >>> round(mmc_sojourn_s(arrivals_per_s=1.0, service_per_s=1.0, servers=2), 6)
    1.333333
    """
    load = _carried(utilisation(arrivals_per_s, 1 / service_per_s, servers))
    offered = load * servers
    blocked = 1.0  # Erlang's B for 0 servers, then for one more each time
    for k in range(1, servers + 1):
        blocked = offered * blocked / (k + offered * blocked)
    queued_ratio = blocked / (1 - load * (1 - blocked))
    return queued_ratio / (servers * service_per_s - arrivals_per_s) + 1 / service_per_s


def mg1_sojourn_s(arrivals_per_s: float, mean_s: float, variation2: float) -> float:
    """M/G/1, first come first served: Pollaczek and Khinchine's formula.

    `variation2` is the squared coefficient of variation of services: 0 fixed, 1 exponential.

    >>> mg1_sojourn_s(arrivals_per_s=0.5, mean_s=1.0, variation2=0.0)
    1.5
    """
    load = _carried(utilisation(arrivals_per_s, mean_s))
    return mean_s + load / (1 - load) * mean_s * (1 + variation2) / 2


def mg1ps_sojourn_s(arrivals_per_s: float, mean_s: float, demand_s: float | None = None) -> float:
    """M/G/1-PS: mean sojourn of jobs of `demand_s`, of all jobs if left out.

    Insensitive: of the distribution of demands only the mean `mean_s` matters.

    >>> mg1ps_sojourn_s(arrivals_per_s=0.5, mean_s=1.0, demand_s=3.0)
    6.0
    """
    load = _carried(utilisation(arrivals_per_s, mean_s))
    return (mean_s if demand_s is None else demand_s) / (1 - load)


def two_weights_sojourn_s(
    arrivals_per_s: tuple[float, float],
    service_per_s: tuple[float, float],
    weights: tuple[float, float],
) -> tuple[float, float]:
    """M/M/1 shared by two classes of different weight: the mean sojourn of each.

    >>> two_weights_sojourn_s((0.25, 0.25), (1.0, 1.0), (1.0, 1.0))
    (2.0, 2.0)
    """
    loads = [per_s / rate for per_s, rate in zip(arrivals_per_s, service_per_s, strict=True)]
    idle = 1 - _carried(fsum(loads))
    pull = fsum(
        weight * rate * (1 - load)
        for weight, rate, load in zip(weights, service_per_s, loads, strict=True)
    )

    def sojourn_s(own: int, other: int) -> float:
        drawn = service_per_s[own] * loads[other] * (weights[other] - weights[own]) / pull
        return (1 + drawn) / (service_per_s[own] * idle)

    return sojourn_s(0, 1), sojourn_s(1, 0)


def birth_death(births_per_s: Sequence[float], deaths_per_s: Sequence[float]) -> tuple[float, ...]:
    """Share of time in state 0, 1, ...: `births_per_s[n]` leads from n to n + 1, deaths back.

    >>> birth_death([1.0], [3.0])
    (0.75, 0.25)
    """
    steps = [up / down for up, down in zip(births_per_s, deaths_per_s, strict=True)]
    relative = list(accumulate([1.0, *steps], mul))
    whole = fsum(relative)
    return tuple(one / whole for one in relative)


def station(births_per_s: Sequence[float], deaths_per_s: Sequence[float]) -> Station:
    """The means of a station whose number inside is such a birth-death process.

    Arrivals that meet the full station are refused: they come at the last of `births_per_s`.
    """
    share = birth_death(births_per_s, deaths_per_s)
    served_per_s = fsum(p * down for p, down in zip(share[1:], deaths_per_s, strict=True))
    inside = fsum(n * p for n, p in enumerate(share))
    return Station(served_per_s, inside, inside / served_per_s, share[-1])


def mmck(arrivals_per_s: float, service_per_s: float, servers: int, places: int) -> Station:
    """M/M/c/K: `places` for those that are served and those that wait; others are refused.

    >>> mmck(arrivals_per_s=1.0, service_per_s=1.0, servers=1, places=1).refused_ratio
    0.5
    """
    rates = [min(n, servers) * service_per_s for n in range(1, places + 1)]
    return station([arrivals_per_s] * places, rates)


def machine_repair(machines: int, think_s: float, service_per_s: float, servers: int) -> Station:
    """Closed arrivals: each of `machines` works for `think_s` on average, then needs a repair.

    Both times exponential. Nobody is refused; `served_per_s` is the throughput.

    >>> machine_repair(machines=1, think_s=1.0, service_per_s=1.0, servers=1).served_per_s
    0.5
    """
    ups = [(machines - n) / think_s for n in range(machines)]
    downs = [min(n, servers) * service_per_s for n in range(1, machines + 1)]
    return station(ups, downs)._replace(refused_ratio=0.0)


def impatient(
    arrivals_per_s: float, service_per_s: float, servers: int, patience_s: float, places: int
) -> tuple[float, float]:
    """M/M/c/K + M (Erlang's A): each gives up waiting after `patience_s` on average.

    Returns how many are inside, and the share of those let in that give up.
    """
    waiting = [max(0, n - servers) for n in range(1, places + 1)]
    downs = [(n - w) * service_per_s + w / patience_s for n, w in enumerate(waiting, start=1)]
    share = birth_death([arrivals_per_s] * places, downs)
    leaving_per_s = fsum(p * w / patience_s for p, w in zip(share[1:], waiting, strict=True))
    inside = fsum(n * p for n, p in enumerate(share))
    return inside, leaving_per_s / (arrivals_per_s * (1 - share[-1]))


def bounds(demands_s: Sequence[float], think_s: float, jobs: int) -> tuple[float, float]:
    """Operational bounds of a closed system: the most jobs a second, the least response time.

    `demands_s` is what a job demands of each single server; nothing about distributions is assumed.

    >>> bounds([0.5, 0.25], think_s=0.25, jobs=4)
    (2.0, 1.75)
    """
    whole, slowest = fsum(demands_s), max(demands_s)
    if not slowest > 0:
        raise ValueError(f"at least one demand must be > 0, got {list(demands_s)}")
    return (
        min(jobs / (whole + think_s), 1 / slowest),
        max(whole, jobs * slowest - think_s),
    )


def equal_jobs_s(jobs: int, demand_s: float, cores: int) -> float:
    """When `jobs` equal jobs that come together leave `cores` shared cores.

    >>> equal_jobs_s(jobs=4, demand_s=1.0, cores=2)
    2.0
    """
    return max(1.0, jobs / cores) * demand_s


def lock_makespan_s(holders: int, hold_s: float, growth_ratio: float) -> float:
    """When the last of `holders` that come together leaves a lock whose holds grow with the queue.

    The k-th to be served leaves `holders - k` waiting: hold_s * sum of 1 + growth_ratio * waiting.

    >>> lock_makespan_s(holders=3, hold_s=1.0, growth_ratio=0.5)
    4.5
    """
    return hold_s * holders * (1 + growth_ratio * (holders - 1) / 2)


def lock_sojourn_s(
    arrivals_per_s: float, hold_s: float, growth_ratio: float, most_spinning: int, places: int = 400
) -> float:
    """Poisson arrivals at such a lock, exponential holds: mean time until it is let go.

    A hold that begins with w waiting is hold_s * (1 + growth_ratio * min(w, most_spinning)) on
    average. The numbers left behind at the ends of holds are a Markov chain; across each level it
    is crossed upwards as often as downwards, which gives one share after the other (M/G/1 with
    services that depend on the state; Harchol-Balter, chapter 23). Counted up to `places`.

    >>> round(lock_sojourn_s(0.5, hold_s=1.0, growth_ratio=0.0, most_spinning=0), 9)
    2.0
    """
    offered = [
        arrivals_per_s * hold_s * (1 + growth_ratio * min(waiting, most_spinning))
        for waiting in range(places)
    ]
    _carried(offered[-1])
    more = [load / (1 + load) for load in offered]  # that one comes before the hold ends
    share = [1.0]
    for level in range(places):
        upwards = share[0] * more[0] ** (level + 1) + fsum(
            share[left] * more[left - 1] ** (level - left + 2) for left in range(1, level + 1)
        )
        share.append(upwards / (1 - more[level]))
        if share[-1] < 1e-15 * max(share):
            break
    return fsum(n * p for n, p in enumerate(share)) / fsum(share) / arrivals_per_s


def _carried(load: float) -> float:
    if not 0 <= load < 1:
        raise ValueError(f"load must be in [0, 1), got {load:g}: else the queue grows")
    return load
