#!/bin/sh
# The foreign SECC, EVCC and Java EXI codec (PyPI iso15118), in an environment of their own: their pins
# (pydantic 1, environs 14) cannot share one with Twoway. Running them takes Java 17.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
home="$root/.interop/iso15118"
python=${PYTHON:-python3}

if [ -x "$home/bin/python" ] && "$home/bin/python" -c 'import iso15118, aiofile' 2>/dev/null; then
    echo "iso15118 is ready in $home"
else
    "$python" -m venv "$home"
    # aiofile is used by iso15118 but not declared by it.
    "$home/bin/pip" install --quiet --disable-pip-version-check 'iso15118==0.31.2' 'aiofile==3.12.3'
    echo "iso15118 installed in $home"
fi

if ! command -v java >/dev/null 2>&1; then
    echo "note: no java found; iso15118 needs a Java 17 runtime (Debian: openjdk-17-jre-headless)" >&2
fi
