#!/bin/sh
# atheris, the coverage-guided fuzzer, in an environment of its own that borrows Twoway's libraries from .venv.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
home="$root/.interop/fuzz"
python="$root/.venv/bin/python"

if [ -x "$home/bin/python" ] && "$home/bin/python" -c 'import atheris, msgspec' 2>/dev/null; then
    exit 0
fi
"$python" -m venv "$home"
"$home/bin/pip" install --quiet --disable-pip-version-check 'atheris==3.0.0'
"$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))' \
    > "$("$home/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/twoway-venv.pth"
echo "atheris installed in $home"
