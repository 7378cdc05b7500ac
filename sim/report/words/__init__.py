"""What the report says, in each language under the same names."""

from sim.report.words.en import ENGLISH
from sim.report.words.ko import KOREAN

WORDS = {"en": ENGLISH, "ko": KOREAN}
CAVEATS = ("start", "memory", "available", "model", "spinning", "emulation")
FACTS = (
    "machine",
    "cpu_model",
    "cores",
    "memory_mib",
    "kernel",
    "hypervisor",
    "cgroup",
    "rootless",
    "cache",
    "load_1min",
    "recorded_utc",
    "command",
    "versions",
)
