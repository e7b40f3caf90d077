#!/bin/sh
# Renew the lock files from pyproject.toml: pinned versions with hashes, no index lines.
# Resolved on Python 3.11, the oldest that Twoway supports.
set -eu
cd "$(dirname "$0")/.."
compile() {
    .venv/bin/pip-compile --quiet --strip-extras --generate-hashes --allow-unsafe --build-deps-for=editable \
        --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options --no-header "$@" pyproject.toml
}
compile --output-file=packaging/requirements.lock
compile --extra=dev --output-file=packaging/requirements-dev.lock
