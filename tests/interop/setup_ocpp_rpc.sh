#!/bin/sh
# A foreign OCPP server (npm ocpp-rpc, strict mode), in a folder of its own. Takes Node.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
home="$root/.interop/ocpp-rpc"

if ! command -v npm >/dev/null 2>&1; then
    echo "no npm found: the foreign OCPP server needs Node (Debian: nodejs, npm)" >&2
    exit 1
fi
if [ -f "$home/node_modules/ocpp-rpc/package.json" ]; then
    echo "ocpp-rpc is ready in $home"
else
    mkdir -p "$home"
    npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$home" ocpp-rpc@2.2.1
    echo "ocpp-rpc installed in $home"
fi
