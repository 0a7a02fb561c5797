#!/bin/sh
# Makes .venv from the lock and sees to the Debian packages. Usage: setup.sh run | setup.sh test
set -eu
cd "$(dirname "$0")"
wanted=$1
cache=.cache

python=""
for candidate in python3.12 python3.11 python3; do
    if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(not ((3, 11) <= sys.version_info[:2] < (3, 13)))' >/dev/null 2>&1; then
        python=$candidate
        break
    fi
done
if [ ! -x .venv/bin/python ] && [ -z "$python" ]; then
    echo "Python 3.11 or 3.12 with its venv module is missing. Type: sudo apt-get install -y python3 python3-venv" >&2
    exit 1
fi

stamp=$(cat requirements.lock pyproject.toml | cksum)
if [ "$(cat .venv/.installed 2>/dev/null || true)" != "$stamp" ]; then
    echo "Installing the locked Python packages into .venv (once, about a minute) …"
    [ -x .venv/bin/python ] || "$python" -m venv .venv
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
    echo "$stamp" > .venv/.installed
fi

missing=""
for package in $(sed -n "s/^run //p" debian-packages.txt) $([ "$wanted" = test ] && sed -n "s/^test //p" debian-packages.txt || true); do
    [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null | cut -c1-2)" = "ii" ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
line="sudo apt-get install -y --no-install-recommends$missing"

apt_as=""
if [ "$(id -u)" = 0 ]; then apt_as="env"; elif sudo -n true 2>/dev/null; then apt_as="sudo -n env"; fi
if [ -n "$apt_as" ]; then
    echo "Installing Debian packages:$missing …"
    $apt_as DEBIAN_FRONTEND=noninteractive apt-get update -qq >/dev/null 2>&1 || true
    # one by one: a package that this release does not carry must not keep the others away
    for package in $missing; do
        $apt_as DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null 2>&1 || echo "Could not install $package."
    done
else
    echo "No root and no sudo: unpacking Debian packages into $cache …"
    mkdir -p "$cache/debian/archives" "$cache/debian/root"
    for package in $missing; do
        [ -e "$cache/debian/$package.done" ] && continue
        apt-get -s install --no-install-recommends "$package" 2>/dev/null | sed -n 's/^Inst \([^ ]*\).*/\1/p' > "$cache/debian/closure" || true
        (cd "$cache/debian/archives" && xargs -r apt-get download -qq < ../closure >/dev/null 2>&1) || true
        for archive in "$cache"/debian/archives/*.deb; do
            [ -e "$archive" ] && dpkg -x "$archive" "$cache/debian/root" && rm "$archive"
        done
        [ -s "$cache/debian/closure" ] && : > "$cache/debian/$package.done"
    done
fi

# What a report needs must now be there; what only tests need is told by the tests that miss it.
if ! . ./environment.sh || ! .venv/bin/python -c 'import weasyprint' >/dev/null 2>&1 || ! fc-list 2>/dev/null | grep -qi 'Noto.*CJK'; then
    echo "The system packages that a report needs could not be installed. Type: $line" >&2
    exit 1
fi
