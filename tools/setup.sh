#!/bin/sh
# Make .venv from uv.lock, or say in one line what is missing. `make setup` runs it before everything.
#
# It may be killed at any moment: the stamp is taken away first and written last, and a .venv without a
# stamp is thrown away and made anew. A second run finds its stamp and ends at once, without a network.
# The stamp holds what .venv was made from; when that has changed, .venv is brought up to date in place.
set -eu
cd "$(dirname "$0")/.."
here=$PWD
venv=$here/.venv
stamp=$venv/installed-from

die() {
    echo "setup: $*" >&2
    exit 1
}

# What .venv was made from. The folder counts too: the scripts of a venv that was moved call the old place.
wanted() {
    echo "$here"
    cksum uv.lock pyproject.toml
}

# The first Python that fits. The system's own comes first: it is there after a reboot, and it is not one
# of the slow wrappers that version managers put on PATH (for those, sys.executable is the real one).
find_python() {
    for candidate in /usr/bin/python3 python3.13 python3.12 python3.11 python3; do
        "$candidate" -c 'import sys
if not (3, 11) <= sys.version_info < (3, 14): sys.exit(1)
print(sys.executable)' 2>/dev/null && return
    done
    return 1
}

# How pip was told to reach its index: a mirror, a certificate. uv does not read pip's settings.
pip_setting() {
    "$venv/bin/pip" config list 2>/dev/null | sed -n "s/^[a-z:.]*\.$1='\(.*\)'$/\1/p" | tail -n 1
}

make_venv() {
    python=$(find_python) || die "needs Python 3.11, 3.12 or 3.13; on Debian and Ubuntu:" \
        "apt install python3 python3-venv (Ubuntu 22.04: python3.11 python3.11-venv)"
    "$python" -c 'import ensurepip, venv; ensurepip.version()' 2>/dev/null || die "$python comes without venv:" \
        "apt install $(basename "$(readlink -f "$python")")-venv"
    echo "setup: making .venv with $python ($("$python" -c 'import platform; print(platform.python_version())'))"
    rm -rf "$venv"
    # Its words are kept for the case that it fails: a traceback after Ctrl-C helps nobody.
    words=$("$python" -m venv "$venv" 2>&1) || die "$python could not make .venv: $words"
}

# uv itself, at the version and with the checksums that the lock file names.
install_uv() {
    "$venv/bin/python" tools/locked.py uv > "$venv/uv.txt"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes --no-deps -r "$venv/uv.txt" ||
        die "pip could not get uv; is there a network, and does pip know its proxy or mirror (pip config list)?"
}

# uv's own way: in parallel, from the addresses in the lock file.
sync_with_uv() {
    "$venv/bin/uv" sync --quiet --frozen --no-install-project
}

# pip's way, slower: the same versions and checksums, through whatever mirror pip has been told to use.
sync_with_pip() {
    "$venv/bin/uv" export --quiet --frozen --no-emit-project --format requirements-txt \
        --output-file "$venv/locked.txt" > /dev/null
    "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes --no-deps -r "$venv/locked.txt"
}

sync() {
    if [ -n "$(pip_setting index-url)${PIP_INDEX_URL:-}" ]; then
        echo "setup: installing the locked packages with pip, which knows this machine's mirror"
        sync_with_pip
    else
        echo "setup: installing the locked packages"
        sync_with_uv || {
            echo "setup: uv could not; trying pip"
            sync_with_pip
        }
    fi || die "the locked packages could not be installed; the lines above say why"
}

works() { "$venv/bin/python" -c '' 2>/dev/null; }

ready() {
    found=$(cat "$stamp" 2>/dev/null) || found=
    [ "$wanted" = "$found" ] && works
}

wanted=$(wanted)
ready && exit 0

# Two set-ups at once would tear at one .venv. The second waits here, and then finds the work done.
exec 9< pyproject.toml
flock 9 2>/dev/null || :
ready && exit 0

# Nothing that happens to be set or active in the caller's shell may lead elsewhere.
unset VIRTUAL_ENV PYTHONHOME PYTHONPATH PIP_TARGET PIP_PREFIX PIP_USER PIP_REQUIRE_VIRTUALENV
export UV_PROJECT_ENVIRONMENT="$venv" UV_PYTHON="$venv/bin/python" UV_PYTHON_DOWNLOADS=never
export UV_LINK_MODE=copy PIP_NO_INPUT=1

rm -f "$stamp"
if works && [ "$(echo "$found" | head -n 1)" = "$here" ]; then
    echo "setup: pyproject.toml or uv.lock has changed; bringing .venv up to date"
else
    make_venv
    fresh=yes
fi
certificate=${PIP_CERT:-$(pip_setting cert)}
[ -z "$certificate" ] || export SSL_CERT_FILE="${SSL_CERT_FILE:-$certificate}"
[ -z "${fresh:-}" ] || install_uv
sync
# The project itself, editable: a change in the source needs no new set-up.
"$venv/bin/uv" pip install --quiet --offline --no-deps --no-build-isolation --editable . ||
    die "the project could not be installed into .venv; the lines above say why"
# Compiled once, as an installed package is; else Python does it at the first use, or at every use where it
# may not write (PYTHONDONTWRITEBYTECODE).
"$venv/bin/python" -m compileall -q realrun sim || die "the source could not be compiled"

echo "$wanted" > "$stamp.new"
mv "$stamp.new" "$stamp"
echo "setup: ready"
