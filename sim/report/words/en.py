"""The report's texts in English."""

ENGLISH = {
    "language": "English",
    "kicker": "report",
    "title": "One image, every isolation",
    "question": "People are told that a container is like a light virtual machine. The same image"
    " was run as a plain process, in a container, and in virtual machines with a kernel of their"
    " own. What does each cost: time to start, memory, and many at once?",
    "answer": "The answer",
    "results": "Results",
    "predictions": "How good are the predictions?",
    "machine": "The machine",
    "method": "Method and caveats",
    # The answer, sentence by sentence.
    "and": " and ",
    "as_process": "as a plain process",
    "as_container": "in a container",
    "as_uml": "in User-Mode Linux (uml)",
    "as_qemu": "in a virtual machine (qemu)",
    "on_another": " (recorded on another machine)",
    "compare": "Run from the same image, a virtual machine{elsewhere} takes {start_times} times as"
    " long to start as a container, {start} against {base_start}, and each further one takes"
    " {more_times} times the memory, {more} against {base_more}.",
    "compare_start": "Run from the same image, a virtual machine{elsewhere} takes {start_times}"
    " times as long to start as a container, {start} against {base_start}.",
    "compare_more": "Run from the same image, each further virtual machine{elsewhere} takes"
    " {more_times} times the memory of a container, {more} against {base_more}.",
    "with_kvm": "The virtual machine has hardware virtualisation (kvm).",
    "with_tcg": "The virtual machine is emulated in software (tcg): with hardware virtualisation it"
    " would be faster.",
    "starts_are": "From the request to its first output the image takes {told}.",
    "start_is": "{time} {how}",
    "uml_start": "So uml takes {times} times the {base} of a container.",
    "named": "{value} ({name})",
    "one_takes": "One instance takes {told} of memory.",
    "next_adds": "What instances share is there once, so each further one adds {told}.",
    "systems": "Of a guest's memory {told} is not the program but a kernel of its own, that"
    " kernel's page cache, and the monitor.",
    "charged": "With what the host's kernel keeps for it, a further one is charged {told}.",
    "storms": "When {n} start at once, the last is ready after {told}.",
    "model_is": "The model was fitted to at most four at once; beyond that its median error is"
    " {told}.",
    "error_of": "{error} for {what}",
    "error_makespan": "the last to be ready",
    "error_p50": "the median one",
    "error_memory": "memory",
    "recorded_are": "Recorded on another machine, not measured on this one: {names}.",
    "missing_are": "Neither measured nor recorded: {names}.",
    "no_answer": "Nothing was measured and nothing is recorded: there is no answer.",
    # Around the charts.
    "marked_recorded": "Recorded on another machine: {names}.",
    "marked_missing": "Missing, neither measured nor recorded: {names}.",
    "no_data": "No data to draw.",
    "table": "Table: {name}",
    "rows_parts_of_one": "parts of one instance",
    "rows_accounts": "all accounts",
    "rows_medians": "medians",
    "rows_every_start": "every start",
    "rows_median_phases": "phases of the median start",
    "rows_all_medians": "medians of all warm starts",
    "rows_measured": "measured",
    "rows_simulated": "simulated",
    "rows_lines": "lines",
    "rows_relative": "relative to native",
    "rows_parts": "parts",
    "rows_every_point": "every point",
    "not_measured": "Not measured on this machine",
    "head_isolation": "isolation",
    "head_accelerator": "accelerator",
    "head_data": "data",
    "head_runs": "runs",
    "head_first": "first output [95 %]",
    "head_one": "one [MiB]",
    "head_next": "next [MiB]",
    "head_at_once": "at once",
    "head_ready": "last ready",
    "head_model": "model",
    "head_held_out": "held-out n",
    "head_makespan": "last ready",
    "head_p50": "median ready",
    "head_memory": "memory, pss",
    "legend": "runs: how many starts were timed; first output: their median, from the request, with"
    " its 95 % interval. one: memory (pss) of one instance; next: of each further one; both without"
    " the engine's own process. last ready: how long until all were that were requested at once;"
    " model: what the simulation says to that.",
    "stacks_title": "The stacks, drawn to scale",
    "stacks_words": "The well-known picture puts a guest system on top of the host's. Here its"
    " height is what was measured. A container brings no kernel: it runs on the host's, as any"
    " process does. What all instances share is the plate that they stand on.",
    "starts_title": "How long a start takes",
    "starts_words": "Every dot is one start. Distance on this axis is a ratio: each grid line is"
    " ten times the one before.",
    "waterfall_title": "What happens in a start",
    "waterfall_words": "The steps of the plan, one after the other. Mind the units: the upper"
    " panels are in milliseconds, a guest's in seconds; the last strip has all in one scale.",
    "memory_title": "Memory of many",
    "memory_words": "What instances share is counted once, so that the second one costs less than"
    " the first. Guests share little: each has a kernel of its own.",
    "storm_title": "Many at once",
    "storm_words": "All are requested at the same moment. Where a line is flat, one more costs no"
    " time; where it rises as steeply as n itself, twice as many take twice as long.",
    "accounts_title": "From account to account: {of}",
    "accounts_words": "How much memory is that? It depends on who counts: each account leaves out"
    " something that another one has. Shared pages are charged to whoever touched them first, so"
    " both orders are shown.",
    "work_title": "What the running program loses",
    "work_words": "A container's program runs on the host's processor and kernel: only what goes"
    " through more layers, such as files, may cost more. A guest pays wherever the processor has to"
    " leave it: system calls, page faults, devices.",
    "density_title": "How many fit",
    "density_words": "One after the other, each beside all before it, until one fails, starts take"
    " twice as long, or something gets scarce.",
    "disk_title": "What lies on the disk",
    "disk_words": "Instances share the image and keep what they write. A container that changes a"
    " byte gets a copy of the whole file, a guest one of a block; but a guest's image is a disk.",
    # Predictions.
    "no_errors": "Nothing was simulated, or nothing measured to compare it with.",
    "nothing_held_out": "Nothing was held out: no storm and no memory with n > 4.",
    "errors": "The model was fitted to at most four instances at once. For more it had to predict,"
    " and this is by how much it was wrong (size of simulated / measured - 1): the median over the"
    " n that were held out, and in brackets the largest.",
    # The machine.
    "nothing_measured": "Nothing was measured on this machine.",
    "recorded_from": "Where the recorded rows are from",
    "fact_machine": "machine",
    "fact_cpu_model": "processor",
    "fact_cores": "cores",
    "fact_memory_mib": "memory [MiB]",
    "fact_kernel": "kernel",
    "fact_hypervisor": "itself runs under",
    "fact_cgroup": "cgroups",
    "fact_rootless": "rootless",
    "fact_cache": "page cache",
    "fact_load_1min": "load before (1 min)",
    "fact_recorded_utc": "measured at (UTC)",
    "fact_command": "command",
    "fact_versions": "versions",
    # Method and caveats.
    "caveat_start": "A start runs from the request to the first byte that the program prints; the"
    " first start after a build fills caches and is left out. Intervals are 95 % bootstrap"
    " intervals of the median.",
    "caveat_memory": "Memory is the proportional set size (pss): a page shared by k processes"
    " counts 1/k for each, so sums add up. The engine's own process (helper) is there once, however"
    " many instances run: it is in the tables, but in no amount that is given for instances. Pss"
    " leaves out what the host's kernel keeps for an instance; the account cgroup has it. The other"
    " accounts (rss, uss, available) answer other questions.",
    "caveat_available": "No prediction is compared with the account available: it is the whole"
    " machine's, and whatever else the machine does moves it.",
    "caveat_model": "The model knows the stages of one start, memory, and storms of at most four;"
    " everything beyond is predicted. Its cores are shared evenly; serial stages wait for one"
    " spawner; neither disk nor page reclaim is modelled. A line beyond the last point is"
    " extrapolation.",
    "caveat_spinning": "A booting kernel spends part of its processor time spinning until the clock"
    " has moved on, to calibrate its delay loop and to try out its checksums. That does not queue:"
    " it is over at the same moment on a crowded host. The model takes a share of the stage"
    " `kernel` as such busy waiting, or lets busy cores hinder each other (contention), or lets a"
    " core lose time when many take turns at it, whichever explains the storms of at most four"
    " best; these few points cannot quite tell them apart. Whoever spins has its share of the cores"
    " meanwhile, and those that work have less.",
    "caveat_emulation": "qemu (tcg, software emulation) translates every instruction of the guest."
    " It says what a machine without hardware virtualisation can do, and nothing about one that has"
    " it.",
    "no_profile": "No profile was given: nothing is simulated.",
    "profile_is": "Profile: fitted on {machine}, {when}, n = {fitted}.",
    "no_storms": "no storms",
    "fitted_spinning": "Fitted for {name}: busy waiting, {share} of its kernel.",
    "fitted_nothing": "Fitted for {name}: no contention, no busy waiting.",
    "fitted_contention": "Fitted for {name}: contention, a busy core slows another by {share}.",
    "fitted_turns": "Fitted for {name}: turns, a core that very many share works {share} slower.",
    "assumed": "Assumed in the profile: {text}.",
    "left_out": "Simulation: {text}.",
}
