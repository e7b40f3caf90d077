#!/bin/sh
# Other people's OpenADR 3 programs, in environments of their own under .interop/. Run again, it does nothing.
#   .interop/openadr      openadr3 (3.1) and toadr3 (3.0.1), Python 3.11 or newer
#   .interop/openadr312   openadr3-client (both versions, strict), Python 3.12 or newer, where the machine has one
set -eu
cd "$(dirname "$0")/../.."

make_env() { # name, python, packages…
    env=".interop/$1" python="$2"
    shift 2
    if [ -f "$env/ready" ] && [ "$(cat "$env/ready")" = "$*" ]; then
        return
    fi
    rm -rf "$env"
    "$python" -m venv "$env"
    "$env/bin/pip" install --quiet --disable-pip-version-check "$@"
    echo "$*" >"$env/ready"
}

newer_python() {
    for python in python3.14 python3.13 python3.12 "$HOME"/.pyenv/versions/3.1[234]*/bin/python; do
        if "$python" -c 'import sys, venv; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then
            echo "$python"
            return
        fi
    done
}

mkdir -p .interop
make_env openadr "${PYTHON:-python3}" openadr3==0.5.0 toadr3==0.29.0
python="$(newer_python)"
if [ -n "$python" ]; then
    make_env openadr312 "$python" openadr3-client==2.4.2
else
    echo "openadr3-client is left out: it needs Python 3.12 or newer, which this machine lacks"
fi
