#!/usr/bin/env bash
# bugsink.sh FOLDER PORT: a Sentry-compatible server for the tests.
#
# Keeps its database in FOLDER, prints the DSN of its only project as the first
# line, and serves until it is ended. The program itself is kept for the next
# time, in the user's cache, or where IRT_BUGSINK says.
cd "$(dirname "$0")/.."
source scripts/common.sh

folder=${1:?usage: bugsink.sh FOLDER PORT}
port=${2:?usage: bugsink.sh FOLDER PORT}
venv=${IRT_BUGSINK:-${XDG_CACHE_HOME:-$HOME/.cache}/irt_calibration/bugsink-2}

mkdir -p "${venv%/*}"
exec 9>"$venv.lock"
flock 9
if ! [ -e "$venv/ready" ]; then
    {
        python3 -m venv "$venv" && "$venv/bin/pip" install -q 'bugsink>=2,<3'
    } >&2 || fail "bugsink could not be installed: scripts/setup.sh test installs python3-venv, and PyPI must be reachable"
    touch "$venv/ready"
fi
exec 9>&-

cd "$folder"
"$venv/bin/bugsink-create-conf" --template=local --host 127.0.0.1 --port "$port" -o bugsink_conf.py >&2
sed -i 's/^BUGSINK = {/BUGSINK = {\n    "PHONEHOME": False,/' bugsink_conf.py
"$venv/bin/bugsink-manage" migrate >&2
"$venv/bin/bugsink-manage" migrate --database=snappea >&2
"$venv/bin/bugsink-manage" shell <<'PYTHON' 2>/dev/null | sed -n 's/^DSN //p'
from teams.models import Team
from projects.models import Project
team, _ = Team.objects.get_or_create(name="irt")
project, _ = Project.objects.get_or_create(name="irt_calibration", team=team)
print("DSN", project.dsn)
PYTHON
exec "$venv/bin/bugsink-manage" runserver --noreload "127.0.0.1:$port" >&2
