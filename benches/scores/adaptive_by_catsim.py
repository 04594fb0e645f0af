"""adaptive_by_catsim.py: an adaptive test by catsim, with a stop-watch.

Reads JSON from standard input: "items", pairs of discrimination and difficulty, and "abilities" of
persons. Starts at 0, asks the most informative item, ends at a standard error of .3 or after 30
items. Prints one line of JSON: estimates, how many items each person had, and seconds.
"""

import json
import sys
import time

import numpy
from catsim.estimation import NumericalSearchEstimator
from catsim.initialization import FixedPointInitializer
from catsim.selection import MaxInfoSelector
from catsim.simulation import Simulator
from catsim.stopping import MinErrorStopper


def main():
    given = json.load(sys.stdin)
    # Discrimination, difficulty, lower and upper asymptote.
    items = numpy.array([[a, b, 0.0, 1.0] for a, b in given["items"]])
    simulator = Simulator(items, numpy.array(given["abilities"]), seed=1)
    start = time.perf_counter()
    simulator.simulate(
        FixedPointInitializer(0),
        MaxInfoSelector(),
        NumericalSearchEstimator(),
        MinErrorStopper(0.3, max_items=30),
    )
    seconds = time.perf_counter() - start
    print(json.dumps({
        "abilities": [float(ability) for ability in simulator.latest_estimations],
        "items": [len(asked) for asked in simulator.administered_items],
        "seconds": seconds,
    }))


main()
