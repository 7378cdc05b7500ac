"""Closed forms that the model is checked against. Rates per second, times in seconds.

Source of all: M. Harchol-Balter, "Performance Modeling and Design of Computer Systems",
Cambridge University Press 2013 (Little: chapter 6; M/M/1: 13; M/G/1-PS: 30).
"""


def utilisation(arrivals_per_s: float, demand_s: float, servers: int = 1) -> float:
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
    if not 0 <= arrivals_per_s < service_per_s:
        raise ValueError(f"needs 0 <= {arrivals_per_s} < {service_per_s}: else the queue grows")
    return 1 / (service_per_s - arrivals_per_s)


def mg1ps_sojourn_s(arrivals_per_s: float, mean_s: float, demand_s: float | None = None) -> float:
    """M/G/1-PS: mean sojourn of jobs of `demand_s`, of all jobs if left out.

    Insensitive: of the distribution of demands only the mean `mean_s` matters.

    >>> mg1ps_sojourn_s(arrivals_per_s=0.5, mean_s=1.0, demand_s=3.0)
    6.0
    """
    load = utilisation(arrivals_per_s, mean_s)
    if not 0 <= load < 1:
        raise ValueError(f"load must be in [0, 1), got {load}")
    return (mean_s if demand_s is None else demand_s) / (1 - load)


def equal_jobs_s(jobs: int, demand_s: float, cores: int) -> float:
    """When `jobs` equal jobs that come together leave `cores` shared cores.

    >>> equal_jobs_s(jobs=4, demand_s=1.0, cores=2)
    2.0
    """
    return max(1.0, jobs / cores) * demand_s
