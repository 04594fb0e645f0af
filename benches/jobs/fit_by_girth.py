"""fit_by_girth.py PERSONS ITEMS REFITS: fits responses by girth, with a stop-watch.

Reads CSV of person, item, correct; prints one line of JSON: the seconds of the fit, its
discriminations and difficulties, and the seconds of each of REFITS fits of resampled persons.
"""

import json
import sys
import time

import girth
import girth.utilities
import numpy


def fit(data):
    start = time.perf_counter()
    found = girth.twopl_mml(data)
    return time.perf_counter() - start, found


def main():
    persons, items, refits = map(int, sys.argv[1:])
    rows = numpy.loadtxt(sys.stdin, delimiter=",", dtype=numpy.int64)
    # As girth wants them: items × persons, missing ones tagged.
    data = numpy.full((items, persons), girth.utilities.INVALID_RESPONSE, dtype=int)
    data[rows[:, 1], rows[:, 0]] = rows[:, 2]
    seconds, found = fit(data)
    generator = numpy.random.default_rng(1)
    resampled = [fit(data[:, generator.integers(0, persons, persons)])[0] for _ in range(refits)]
    print(json.dumps({
        "seconds": seconds,
        "discrimination": list(map(float, found["Discrimination"])),
        "difficulty": list(map(float, found["Difficulty"])),
        "refits": resampled,
    }))


main()
