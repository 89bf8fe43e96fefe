#!/usr/bin/env bash
# Writes the lock files from pyproject.toml: versions and hashes for every Python from 3.11 on.
# Names that are locked keep their version unless they are passed: deploy/lock.sh --upgrade-package rich
set -euo pipefail
cd "$(dirname "$0")/.."
tool=$(mktemp -d)
trap 'rm -rf "$tool"' EXIT
"${PYTHON:-.venv/bin/python}" -m venv "$tool"
"$tool/bin/pip" install --quiet --disable-pip-version-check uv

compile() {
    # No annotation and no header: the files say what is installed, not where it came from.
    "$tool/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-annotate --no-header "$@"
}
compile pyproject.toml --output-file requirements.lock "$@"
compile pyproject.toml --group dev --constraint requirements.lock \
    --output-file requirements-dev.lock "$@"
compile --group pyproject.toml:java --output-file requirements-java.lock "$@"
