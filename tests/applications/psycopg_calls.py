"""psycopg_calls.py CONNINFO: what docs/applications.md says of psycopg, psycopg2 and SQLAlchemy, done; prints JSON."""

import json
import sys

import psycopg
import psycopg2
import sqlalchemy
from calibrate import calibrate

conninfo = sys.argv[1]
CALL = "SELECT {} FROM irt.irt_run_calibration(force => {})"


def types(names, values):
    return {name: type(value).__name__ for name, value in zip(names, values)}


found = {
    "first": calibrate(conninfo),
    "nothing new": calibrate(conninfo),
    "integers": calibrate(conninfo, force=True, items=[1, 2]),
    "texts": calibrate(conninfo, force=True, items=["3"]),
    "no such item": calibrate(conninfo, force=True, items=[99]),
}
with psycopg.connect(conninfo, autocommit=True) as connection:
    cursor = connection.execute(CALL.format("*", "true"))
    found["psycopg"] = types([column.name for column in cursor.description], cursor.fetchone())
    found["composite"] = type(connection.execute("SELECT irt.irt_run_calibration()").fetchone()[0]).__name__

connection = psycopg2.connect(conninfo)
connection.autocommit = True
cursor = connection.cursor()
cursor.execute(CALL.format("*", "%s").replace(")", ", item_ids => %s)"), (True, [4, 5]))
found["psycopg2"] = types([column.name for column in cursor.description], cursor.fetchone())
try:
    cursor.execute("SELECT irt.irt_run_calibration(bank => 'none')")
except psycopg2.Error as error:
    found["psycopg2 error"] = error.pgcode

engine = sqlalchemy.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(conninfo))
with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
    run = sqlalchemy.text(CALL.format("*", ":force"))
    row = connection.execute(run, {"force": True}).mappings().one()
    found["sqlalchemy"] = types(row.keys(), row.values())
    try:
        connection.execute(sqlalchemy.text("SELECT irt.irt_run_calibration(bank => 'none')"))
    except sqlalchemy.exc.DBAPIError as error:
        found["sqlalchemy error"] = error.orig.sqlstate
print(json.dumps(found))
