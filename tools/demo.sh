#!/bin/sh
# make demo, after the set-up: measure, fit the model, simulate, report. Tables and page go to $1.
# Where this machine could measure nothing there is nothing to fit: the report then shows what was
# recorded, and says so.
set -eu
bin=.venv/bin
out=$1

"$bin/realrun" demo --out "$out" > /dev/null
if [ "$(wc -l < "$out/measured/startup.csv")" -gt 1 ]; then
    "$bin/sim" calibrate "$out/measured" -o "$out/profile.toml"
    "$bin/sim" run "$out/profile.toml" -o "$out/simulated"
    set -- --profile "$out/profile.toml" --simulated "$out/simulated"
else
    set --
fi
"$bin/sim" report --measured "$out/measured" --recorded data/measured "$@" -o "$out/report.html"
