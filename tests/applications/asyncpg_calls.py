"""asyncpg_calls.py DSN: what docs/applications.md says of asyncpg, done; prints JSON."""

import asyncio
import json
import sys

import asyncpg
import calibrate_async as calibrate

dsn = sys.argv[1]
WITHOUT_CAST = "SELECT id FROM irt.irt_run_calibration(force => true, item_ids => $1)"


async def raised(call):
    try:
        return type(await call).__name__
    except Exception as error:
        return type(error).__name__


async def main():
    pool = await calibrate.pool(dsn)

    async def run(*arguments):
        started = await calibrate.start(pool, *arguments)
        return await calibrate.ended(pool, started["run"])

    found = {
        "first": await run(),
        "nothing new": await run(),
        "integers": await run(True, [1, 2]),
        "no such item": await run(True, [99]),
        "no cast, strings": await raised(pool.fetchval(WITHOUT_CAST, ["3"])),
        "no cast, integers": await raised(pool.fetchval(WITHOUT_CAST, [3])),
    }
    row = await pool.fetchrow("SELECT * FROM irt.irt_run_calibration(force => true)")
    found["asyncpg"] = {name: type(value).__name__ for name, value in row.items()}
    runs = "SELECT count(*) FROM irt.irt_calibration_runs"
    before = await pool.fetchval(runs)
    found["composite beside a codec"] = await raised(pool.fetchval("SELECT irt.irt_run_calibration()"))
    found["runs of that"] = await pool.fetchval(runs) - before
    plain = await asyncpg.connect(dsn)
    found["composite"] = await raised(plain.fetchval("SELECT irt.irt_run_calibration()"))
    print(json.dumps(found))


asyncio.run(main())
