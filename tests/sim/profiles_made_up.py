"""A made-up profile for the tests: two isolations on two cores."""

from sim.profiles import Footprint, Host, Isolation, Profile, Provenance, Stage


def profile(spread: float = 0.0, contention_ratio: float = 0.0) -> Profile:
    """`process`: 10 ms serial, 30 ms on a core. `qemu`: 1 s on a core and 1 s waiting.

    With `spread`, a demand is up to that share smaller or larger.
    """
    return Profile(
        provenance=Provenance(
            machine="made-up",
            cpu_model="Imaginary",
            kernel="0",
            recorded_utc="2000-01-01T00:00:00Z",
            tables=("startup.csv",),
            command="made up",
            fitted_on=(1, 2, 4),
        ),
        host=Host(cores=2, memory_mib=1000),
        isolation={
            "process": Isolation(
                accelerator="none",
                contention_ratio=contention_ratio,
                stage=(
                    stage("clone", 0.01, 0.0, spread, serial="spawner"),
                    stage("first output", 0.03, 0.0, spread),
                ),
                memory=(
                    Footprint(account="pss", part="program", shared_mib=1, each_mib=2),
                    Footprint(account="pss", part="helper", shared_mib=0, each_mib=1),
                ),
            ),
            "qemu": Isolation(
                accelerator="tcg",
                stage=(stage("guest kernel", 1.0, 1.0, spread),),
                memory=(Footprint(account="pss", part="total", shared_mib=10, each_mib=100),),
            ),
        },
    )


def stage(
    name: str, cpu_s: float, wait_s: float, spread: float = 0.0, serial: str | None = None
) -> Stage:
    """A stage whose demands vary evenly around the given ones."""
    return Stage(
        name=name, cpu_s=around(cpu_s, spread), wait_s=around(wait_s, spread), serial=serial
    )


def around(value: float, spread: float) -> tuple[float, ...]:
    """Quantiles of an even distribution."""
    return (value * (1 - spread), value * (1 + spread)) if value * spread else (value,)
