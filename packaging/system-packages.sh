#!/bin/sh
# system-packages.sh LIST: install the Debian packages of LIST that this machine lacks.
# Without root or apt it only says which are missing, and how to get them; it never fails the build.
set -eu
wanted=$(grep -v '^#' "$1")
missing=""
for package in $wanted; do
    case $package in
        # Any installation of these will do, wherever it comes from.
        default-jre-headless) command -v java >/dev/null && continue ;;
        nodejs) command -v node >/dev/null && continue ;;
        npm) command -v npm >/dev/null && continue ;;
        python3-venv) ${PYTHON:-python3} -c "import ensurepip" 2>/dev/null && continue ;;
        iproute2) command -v ip >/dev/null && continue ;;
    esac
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null; then
    echo "This is no Debian: Twoway may need what Debian calls$missing."
elif [ "$(id -u)" != 0 ]; then
    echo "Some system libraries are missing. To install them: sudo apt-get install$missing"
else
    echo "Installing system libraries:$missing"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # shellcheck disable=SC2086  # a list of words on purpose
    apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi
