"""bench.py BINDIR JOB OUTPUT [--full]: whole jobs timed next to what they replace, as docs/performance.md.

Called by bench.sh, in a Python environment with girth, numpy and psycopg.
Everything that is compared is timed in this one run, on this machine.
"""

import csv
import io
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import numpy
import psycopg

BINDIR, JOB, OUTPUT = sys.argv[1:4]
FULL = "--full" in sys.argv
LINES = []


def say(text=""):
    """A line of the page, also for the person who waits."""
    print(text, flush=True)
    LINES.append(text)


def table(header, rows):
    say("| " + " | ".join(header) + " |")
    say("|---" * len(header) + "|")
    for row in rows:
        say("| " + " | ".join(str(cell) for cell in row) + " |")
    say()


def number(value):
    """Three digits that count."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def machine():
    lines = open("/proc/cpuinfo").read().splitlines()
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")
    memory = int(open("/proc/meminfo").readline().split()[1]) / 2**20
    load = os.getloadavg()[0]
    version = subprocess.run([f"{BINDIR}/postgres", "--version"], capture_output=True, text=True).stdout.strip()
    return (f"{os.cpu_count()} × {model}, {memory:.0f} GiB, Linux {platform.release().split('-')[0]}; {version}; "
            f"load average at the start {load:.1f}")


def job(*arguments):
    """One fit by the estimator alone: its figures, and a row per item."""
    lines = subprocess.run([JOB, *map(str, arguments)], capture_output=True, text=True, check=True).stdout.splitlines()
    items = [[float(cell) if cell else float("nan") for cell in row[1:]] for row in csv.reader(lines[1:])]
    return json.loads(lines[0]), numpy.array(items)


def best_of(times, *arguments):
    runs = [job(*arguments) for _ in range(times)]
    return sorted(runs, key=lambda run: run[0]["seconds"])[times // 2]


def matrix(persons, items, answered, seed):
    """The same responses as girth wants them: items × persons, missing ones tagged."""
    import girth.utilities
    text = subprocess.run([JOB, "simulate", str(persons), str(items), str(answered), str(seed)],
                          capture_output=True, check=True).stdout
    rows = numpy.loadtxt(io.BytesIO(text), delimiter=",", dtype=numpy.int64)
    data = numpy.full((items, persons), girth.utilities.INVALID_RESPONSE, dtype=int)
    data[rows[:, 1], rows[:, 0]] = rows[:, 2]
    return data


def girth_fit(data):
    import girth
    start = time.perf_counter()
    found = girth.twopl_mml(data)
    return time.perf_counter() - start, numpy.column_stack([found["Discrimination"], found["Difficulty"]])


def against_girth():
    say("## The fit, next to girth")
    say()
    say("girth.twopl_mml at its defaults, on the same responses in a matrix in memory; ours without priors, one "
        "thread each. The distance is the largest over items and parameters between girth's answer and the "
        "optimum, in standard errors.")
    say()
    rows = []
    for persons, items, answered in [(2000, 40, 1.0), (20000, 100, 1.0), (5000, 200, 0.15)]:
        design = (persons, items, answered, 1)
        ours, exact = best_of(5, "fit", *design, "observed_information")
        fit, _ = best_of(5, "fit", *design, "none")
        seconds, found = girth_fit(matrix(*design))
        distance = numpy.nanmax(numpy.abs(found - exact[:, :2]) / exact[:, 2:])
        rows.append([f"{persons:,} × {items}, {100 * answered:.0f} % answered", number(seconds),
                     number(fit["seconds"]), fit["e_steps"], number(seconds / fit["seconds"]),
                     number(ours["seconds"] / fit["seconds"]), number(distance)])
    table(["persons × items", "girth, s", "ours, s", "E-steps", "times faster",
           "with observed information, in fits", "girth's distance, SE"], rows)
    incumbents_job()
    sparse, _ = best_of(3, "fit", 200000, 500, 0.04, 1, "none")
    say(f"200,000 × 500 with 96 % missing ({sparse['responses']:,} responses): {number(sparse['cpu_seconds'])} CPU "
        f"seconds, {sparse['e_steps']} E-steps, {sparse['peak_megabytes']} MB at the peak, the simulation included.")
    say()


def incumbents_job():
    replicates, timed = 2000, 5 if not FULL else 20
    design = (500, 50, 1.0, 1)
    ours, _ = best_of(3, "fit", *design, replicates)
    data = matrix(*design)
    generator = numpy.random.default_rng(1)
    spent = [girth_fit(data)[0]]
    for _ in range(timed):
        spent.append(girth_fit(data[:, generator.integers(0, data.shape[1], data.shape[1])])[0])
    whole = spent[0] + replicates * statistics.mean(spent[1:])
    say(f"The whole job that it replaces, 500 × 50, a fit and {replicates:,} bootstrap refits: girth {number(whole)} s "
        f"(a fit and {timed} refits were timed, the others are in proportion), ours {number(ours['seconds'])} s on one "
        f"thread: {number(whole / ours['seconds'])} times faster.")
    say()


class Server:
    """A throw-away cluster."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="irt-bench-", dir="/tmp")
        self.prefix = []
        if os.getuid() == 0:
            subprocess.run(["chown", "postgres", self.folder], check=True)
            self.prefix = ["runuser", "-u", "postgres", "--"]
        os.chmod(self.folder, 0o755)
        self.run("initdb", "-D", f"{self.folder}/data", "-U", "postgres", "-A", "trust", "-E", "UTF8",
                 "--locale=C.UTF-8", "--no-sync")
        settings = (f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c fsync=off "
                    "-c shared_buffers=64MB -c max_wal_size=8GB -c autovacuum=off -c work_mem=256MB "
                    "-c irt_calibration.max_memory=16GB -c irt_calibration.timeout=2h "
                    "-c session_preload_libraries=irt_calibration -c max_parallel_workers_per_gather=0")
        self.run("pg_ctl", "-w", "-D", f"{self.folder}/data", "-l", f"{self.folder}/log", "-o", settings, "start")
        self.session = self.connect()

    def run(self, program, *arguments):
        environment = {key: value for key, value in os.environ.items() if key != "RUST_BACKTRACE"}
        subprocess.run([*self.prefix, f"{BINDIR}/{program}", *arguments], check=True, cwd="/tmp", env=environment,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def connect(self):
        return psycopg.connect(host=self.folder, user="postgres", dbname="postgres", autocommit=True)

    def value(self, statement):
        row = self.session.execute(statement).fetchone()
        return row[0]

    def timed(self, statement, times=3):
        """The median of some runs, after one that warms the cache."""
        spent = []
        for _ in range(times + 1):
            start = time.perf_counter()
            self.session.execute(statement).fetchall()
            spent.append(time.perf_counter() - start)
        return statistics.median(spent[1:])

    def stop(self):
        self.session.close()
        self.run("pg_ctl", "-D", f"{self.folder}/data", "-m", "immediate", "stop")
        subprocess.run(["rm", "-rf", self.folder], check=True)


class Watch(threading.Thread):
    """Looks at the worker while it works: how long each phase takes, and the most private memory it held."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.session, self.seen, self.peak, self.done = server.connect(), {}, 0, False

    def run(self):
        find = ("SELECT pid, split_part(query, ': ', 3) FROM pg_stat_activity "
                "WHERE backend_type = 'irt_calibration' AND query LIKE 'irt_calibration: run %'")
        while not self.done:
            for pid, phase in self.session.execute(find).fetchall():
                now = time.perf_counter()
                first, _ = self.seen.get(phase.split(" ")[0], (now, now))
                self.seen[phase.split(" ")[0]] = (first, now)
                try:
                    lines = open(f"/proc/{pid}/status").read().splitlines()
                    private = next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))
                    self.peak = max(self.peak, private / 1024)
                except (OSError, StopIteration):
                    pass
            time.sleep(0.005)

    def seconds(self, phase):
        first, last = self.seen.get(phase, (0, 0))
        return last - first


def load_table(server, persons, items, answered):
    server.session.execute("DROP TABLE IF EXISTS responses, questions")
    server.session.execute("CREATE UNLOGGED TABLE raw (user_id bigint, question_id int, correct int)")
    process = subprocess.Popen([JOB, "simulate", str(persons), str(items), str(answered), "1"], stdout=subprocess.PIPE)
    with server.session.cursor().copy("COPY raw FROM STDIN (FORMAT csv)") as copy:
        while block := process.stdout.read(1 << 20):
            copy.write(block)
    server.session.execute(
        "CREATE UNLOGGED TABLE responses AS SELECT user_id, question_id, correct = 1 AS is_correct, "
        "timestamptz '2026-01-01' + row_number() OVER () * interval '1 ms' AS answered_at FROM raw")
    server.session.execute("DROP TABLE raw; CREATE TABLE questions AS SELECT generate_series(0, %d) AS id" % (items - 1))
    server.session.execute("SELECT irt_add_item_columns('questions')")
    server.session.execute("VACUUM ANALYZE responses")
    return server.value("SELECT count(*) FROM responses")


def whole_run(server):
    watch = Watch(server)
    watch.start()
    row = server.session.execute(
        "SELECT duration_seconds, em_iterations FROM irt_run_calibration(true, standard_errors => 'none')").fetchone()
    watch.done = True
    watch.join()
    return row[0], row[1], watch


FILLED = ["INSERT INTO kind.responses SELECT * FROM public.responses", "ANALYZE kind.responses"]

# How responses can be kept, and the statements that keep them so in the schema `kind`: one by one, since a foreign
# server does not see what is not committed.
KINDS = [
    ("a table", []),
    ("a view that filters",
     ["CREATE VIEW kind.responses AS SELECT * FROM public.responses WHERE answered_at IS NOT NULL"]),
    ("16 partitions by hash of the person",
     ["CREATE UNLOGGED TABLE kind.responses (LIKE public.responses) PARTITION BY HASH (user_id)"]
     + [f"CREATE UNLOGGED TABLE kind.p{k} PARTITION OF kind.responses FOR VALUES WITH (MODULUS 16, REMAINDER {k})"
        for k in range(16)]
     + FILLED),
    ("a foreign table (postgres_fdw)",
     ["CREATE FOREIGN TABLE kind.responses (user_id bigint, question_id int, is_correct boolean, answered_at timestamptz) "
      "SERVER elsewhere OPTIONS (schema_name 'public', table_name 'responses')", "ANALYZE kind.responses"]),
    ("2 foreign partitions",
     ["CREATE TABLE kind.responses (LIKE public.responses) PARTITION BY HASH (user_id)"]
     + [f"CREATE UNLOGGED TABLE kind.shard{k} (LIKE public.responses)" for k in range(2)]
     + [f"CREATE FOREIGN TABLE kind.p{k} PARTITION OF kind.responses FOR VALUES WITH (MODULUS 2, REMAINDER {k}) "
        f"SERVER elsewhere OPTIONS (schema_name 'kind', table_name 'shard{k}')" for k in range(2)]
     + FILLED),
]


def kinds_of_tables(server):
    """The same responses, kept in other ways."""
    server.session.execute(
        "CREATE EXTENSION IF NOT EXISTS postgres_fdw;"
        "CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw "
        f"OPTIONS (host '{server.folder}', dbname 'postgres', fetch_size '10000', batch_size '10000', async_capable 'true');"
        "CREATE USER MAPPING FOR postgres SERVER elsewhere OPTIONS (user 'postgres')")
    parameters = "SELECT string_agg(format('%s %s', irt_difficulty, irt_discrimination), ',' ORDER BY id) FROM questions"
    rows, expected = [], None
    for kind, statements in KINDS:
        server.session.execute("DROP SCHEMA IF EXISTS kind CASCADE; CREATE SCHEMA kind")
        for statement in statements:
            server.session.execute(statement)
        relation = "kind.responses" if statements else "public.responses"
        server.session.execute(f"SELECT irt_configure('kind', responses => '{relation}', items => 'questions', "
                               "answered_at_column => 'answered_at')")
        scan = server.timed(f"SELECT count(*) FILTER (WHERE is_correct) FROM {relation}")
        runs = [server.session.execute("SELECT duration_seconds FROM irt_run_calibration(true, "
                                       "standard_errors => 'none', bank => 'kind')").fetchone()[0] for _ in range(3)]
        found = server.value(parameters)
        expected = expected or (scan, statistics.median(runs), found)
        rows.append([kind, number(scan / expected[0]), number(statistics.median(runs) / expected[1]),
                     "yes" if found == expected[2] else "NO"])
    server.session.execute("DROP SCHEMA kind CASCADE")
    say("The same 10^6 responses, kept in other ways; times are ratios to those of the table. The foreign server is this "
        "very server, over a socket, with fetch_size 10000.")
    say()
    table(["responses are", "plain scan", "whole run", "the same parameters, to the last bit"], rows)


def in_the_database():
    say("## The run, next to a scan of its table")
    say()
    say("500 items, 20 responses a person; `irt_run_calibration(standard_errors => 'none')` and the scans in one session "
        "without parallel workers, tables warm; medians of five, one run of 10^8. Plain scan: "
        "`SELECT count(*) FILTER (WHERE is_correct) FROM responses`; "
        "counting scan: with `count(DISTINCT question_id)`. Loading is reading and grouping by person; before it the "
        "run counts what is new, as `irt_should_run_calibration` does. Memory is the worker's private memory at its "
        "peak; its bound is 12 bytes a response, 16 × 64 × 8 bytes an item and thread, and 100 MB.")
    say()
    server = Server()
    rows, durations = [], {}
    try:
        server.session.execute("CREATE EXTENSION irt_calibration")
        for persons in [5_000, 50_000, 500_000] + ([5_000_000] if FULL else []):
            responses = load_table(server, persons, 500, 0.04)
            times = 5 if persons < 1_000_000 else 1
            plain = server.timed("SELECT count(*) FILTER (WHERE is_correct) FROM responses", times)
            counting = server.timed(
                "SELECT count(*) FILTER (WHERE is_correct), count(DISTINCT question_id) FROM responses", times)
            news = server.timed("SELECT * FROM irt_should_run_calibration()", times)
            runs = [whole_run(server) for _ in range(times)]
            durations[persons] = duration = statistics.median(run[0] for run in runs)
            e_steps, watches = runs[0][1], [run[2] for run in runs]
            loading = max(0.0, statistics.median(watch.seconds("loading") for watch in watches) - news)
            fitting = statistics.median(watch.seconds("fitting") for watch in watches)
            peak = max(watch.peak for watch in watches)
            bound = (12 * responses + 16 * 64 * 8 * 500) / 2**20 + 100
            rows.append([f"{responses:,}", number(plain), number(counting), number(news), number(loading),
                         number(fitting), e_steps, number(duration), number(loading / plain),
                         number(duration / counting), f"{peak:.0f} of {bound:.0f}"])
        table(["responses", "plain scan, s", "counting scan, s", "counting what is new, s", "loading, s", "fitting, s",
               "E-steps", "whole run, s", "loading ÷ plain scan", "run ÷ counting scan", "memory, MB"], rows)
        steps = sorted(durations)
        growth = [f"{steps[k] * 20:,} to {steps[k + 1] * 20:,} responses: {durations[steps[k + 1]] / durations[steps[k]]:.1f} times"
                  for k in range(len(steps) - 1)]
        if FULL:
            growth.append(f"1,000,000 to 100,000,000 responses: {durations[5_000_000] / durations[50_000]:.1f} times")
        say("Growth of the whole run: " + "; ".join(growth) + ".")
        say()
        load_table(server, 50_000, 500, 0.04)
        kinds_of_tables(server)
    finally:
        server.stop()


def main():
    say("# Performance")
    say()
    say("Made by `make bench`" + (" with `FULL=1`" if FULL else "") + ", never by hand. Seconds are this machine's and "
        "this day's; only ratios within one run mean anything.")
    say()
    say(machine() + ".")
    say()
    in_the_database()
    against_girth()
    say("## What standard errors cost")
    say()
    for line in subprocess.run([os.path.join(os.path.dirname(JOB), "cost")], capture_output=True, text=True,
                               check=True).stdout.splitlines():
        say(line)
    with open(OUTPUT, "w") as page:
        page.write("\n".join(LINES).rstrip() + "\n")


main()
