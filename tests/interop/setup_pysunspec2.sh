#!/bin/sh
# The SunSpec Alliance's own Python client (PyPI pysunspec2), in an environment of its own.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
home="$root/.interop/pysunspec2"
python=${PYTHON:-python3}

if [ -x "$home/bin/python" ] && "$home/bin/python" -c 'import sunspec2.modbus.client' 2>/dev/null; then
    echo "pysunspec2 is ready in $home"
else
    "$python" -m venv "$home"
    "$home/bin/pip" install --quiet --disable-pip-version-check 'pysunspec2==1.3.7'
    echo "pysunspec2 installed in $home"
fi
