#!/bin/sh
# A foreign Modbus TCP server (npm modbus-serial), in a folder of its own. Takes Node.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
home="$root/.interop/modbus-serial"

if ! command -v npm >/dev/null 2>&1; then
    echo "no npm found: the foreign Modbus server needs Node (Debian: nodejs, npm)" >&2
    exit 1
fi
if [ -f "$home/node_modules/modbus-serial/package.json" ]; then
    echo "modbus-serial is ready in $home"
else
    mkdir -p "$home"
    npm install --silent --no-audit --no-fund --ignore-scripts --omit=optional --prefix "$home" modbus-serial@8.0.25
    echo "modbus-serial installed in $home"
fi
