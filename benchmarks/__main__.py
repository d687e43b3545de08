"""Run benchmarks by name: `python3 run.py bench engine path`; without names, the quick ones.

Speed is given as a ratio to a floor measured in the same run, on one thread, so that figures of different
machines can be compared. `RESULTS.md` holds the figures and the commands that made them.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy is imported
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
from importlib import import_module

QUICK = ("engine", "path")
ALL = (
    *QUICK,
    "large",
    "recovery",
    "coverage",
    "durdata",
    "unempdur",
    "montecarlo",
    "stata_designs",
    "logit",
    "balance",
    "dynamic",
    "matching",
    "methods",
    "mkba",
    "variance",
    "weighting",
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="run.py bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"any of: {', '.join(ALL)}")
    names = parser.parse_args().names or QUICK
    for name in names:
        if name not in ALL:
            parser.error(f"there is no benchmark '{name}'; there are: {', '.join(ALL)}")
    for name in names:
        module = import_module(f"benchmarks.{name}" if __package__ else name)
        print(f"\n== {name}: {module.__doc__.splitlines()[0]}")
        module.main()


if __name__ == "__main__":
    main()
