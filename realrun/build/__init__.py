"""How a Dockerfile becomes an image, to be read in the order of the work.

**From text to instructions; nothing is looked up.** `lines` joins what `\\` continues, drops
comments and collects the here-documents that `heredocs` finds announced. `words` splits the rest
of an instruction in the four ways that there are. `part` takes the flags away; `parser` makes the
types of `instructions` of it, with `readers` for RUN, COPY and ADD, and `mountwords` for --mount.

**What has to be built.** `stages` cuts the Dockerfile at each FROM and finds the stages that the
target needs.

**What words mean.** `expand` replaces variables. `evaluate` is the state of a stage: its settings,
which become the image's configuration, and the values that words are expanded with.

**Files into a layer.** `selecting` finds what COPY names, by the patterns of `match`; ADD also has
`fetching` and `archives`. `owners` looks up --chown in the image, `modes` reads --chmod. `copying`
puts files into a fresh layer, which `writing` can lay over the image without mounting anything.
`copystep` holds them together.

**A command into a layer.** `running` finds the words of a RUN, `mounting` its mounts (with
`cachedirs` for caches), `stubs` removes what was made only to mount on it; `runstep` asks for a
container.

**Not doing it again.** `cache` knows steps by all that their result depends on, `misses` tells what
was new.

**All together.** `bench` is what all stages share, `work` one stage in the making; `stagework` goes
through a stage's instructions, `sidebyside` lets stages work at the same time, `builder` begins and
ends it all, and `progress` is what it tells meanwhile.

An instruction that changes files gives one layer, every other one a line of the history. With
SOURCE_DATE_EPOCH the same context gives the same digests: no time in the image is later than that,
files are sorted by their names, and neither the umask, the locale nor the order of the files on the
disk has a say. A file that is older keeps its time, which is a part of the context.

Source: the Dockerfile reference, and BuildKit where it is silent; each module names its own.
"""

from __future__ import annotations

import sys

import realrun
from realrun.build.bench import Job, Runner
from realrun.build.builder import build
from realrun.build.progress import Event

__all__ = ["Event", "Job", "Runner", "build"]

sys.modules[__name__].__class__ = realrun.Verb  # `realrun.build(...)` is a verb
