#!/usr/bin/env bash
# applications_python.sh: prints the path of a Python that has what docs/applications.md is run with.
#
# From PyPI, by tests/applications/requirements.txt, once: it is kept in the user's cache, or where
# IRT_APPLICATIONS_PYTHON says, until the requirements change.
cd "$(dirname "$0")/.."
source scripts/common.sh

requirements=tests/applications/requirements.txt
version=$(sha256sum "$requirements" | cut -c1-12)
venv=${IRT_APPLICATIONS_PYTHON:-${XDG_CACHE_HOME:-$HOME/.cache}/irt_calibration/applications}-$version

mkdir -p "${venv%/*}"
exec 9>"$venv.lock"
flock 9
if ! [ -e "$venv/ready" ]; then
    {
        python3 -m venv "$venv" && "$venv/bin/pip" install -q --only-binary :all: -r "$requirements"
    } >&2 || fail "$requirements could not be installed: scripts/setup.sh test installs python3-venv, and PyPI must be reachable"
    touch "$venv/ready"
fi
echo "$venv/bin/python"
