#!/bin/sh
# Say hello. The text is not in here: it comes from the environment, as an image's settings should.
echo "$GREETING"

# `hello.sh wait` stays, so that its memory can be measured. `exec` turns this shell into `sleep` instead
# of starting a second process, and a sleeping process costs no processor time. The number is the largest
# that every sleep takes: 68 years.
if [ "${1:-}" = wait ]; then
    exec sleep 2147483647
fi
