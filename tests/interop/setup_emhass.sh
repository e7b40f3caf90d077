#!/bin/sh
# EMHASS, the energy manager whose optimiser ours is compared with (PyPI), in an environment of its own.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
home="$root/.interop/emhass"
python=${PYTHON:-python3}
version=0.18.7

if [ -x "$home/bin/python" ] && "$home/bin/python" -c "
from importlib.metadata import version
import emhass.optimization
raise SystemExit(version('emhass') != '$version')" 2>/dev/null; then
    echo "EMHASS $version is ready in $home"
else
    "$python" -m venv "$home"
    "$home/bin/pip" install --quiet --disable-pip-version-check "emhass==$version"
    echo "EMHASS $version installed in $home"
fi
