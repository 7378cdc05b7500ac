#!/bin/sh
# Say hello. The text is not in here: it comes from the environment, as an image's settings should.
# With `-e STAMP=1` it adds the time by its own clock: only the program itself knows when it is ready.
echo "$GREETING${STAMP:+ at $EPOCHREALTIME}"

# `hello.sh wait` stays, so that its memory can be measured. `exec` turns this shell into `sleep` instead
# of starting a second process, and a sleeping process costs no processor time. The number is the largest
# that every sleep takes: 68 years.
if [ "${1:-}" = wait ]; then
    exec sleep 2147483647
fi
