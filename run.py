"""The front door: `python3 run.py study`, `python3 run.py test` (Windows: `py run.py test`).

Standard library only. The first call makes `.venv` from the hashed locks in `requirements/`; later calls find
it ready. Arguments after the task are passed on: `python3 run.py test -k lock_in`.
"""

import hashlib
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
OLDEST = (3, 11)
BUILD, DEV = ROOT / "requirements" / "build.lock", ROOT / "requirements" / "dev.lock"
UV = shutil.which("uv")

TASKS = {  # task: what it does, then what Python runs for it, one after the other
    "study": ["the main job: report and tables in out/", "-m nettoeffect.study --out out"],
    "test": ["all tests", "-m pytest"],
    "lint": ["style and types", "-m ruff check", "-m ruff format --check", "-m mypy"],
    "docs": ["the documentation, in docs/_build/html", "-m sphinx -q -W docs docs/_build/html"],
    "bench": ["the benchmarks", "benchmarks"],
    "notebooks": ["executes the notebooks (--check: and writes nothing)", "notebooks/execute.py"],
    "newest": [
        "tests with the newest releases: no lock, without the extra study",
        "-m pytest -m 'not oracle'",
    ],
}


def stop(message):
    """Say what is missing and end with exit code 2."""
    print(message, file=sys.stderr)
    sys.exit(2)


def call(*command):
    """Run a command in the project's folder; if it fails, end with its exit code."""
    code = subprocess.call([str(part) for part in command], cwd=str(ROOT))
    if code:
        sys.exit(code)


def restart_on_newer_python():
    """Hand over to a newer Python that really starts: version managers leave shims that do not."""
    check = ["-c", f"import sys; sys.exit(sys.version_info < {OLDEST})"]
    for minor in range(14, OLDEST[1] - 1, -1):
        for command in ([f"python3.{minor}"], ["py", f"-3.{minor}"]):
            found = shutil.which(command[0])
            if found and subprocess.run([*command, *check], capture_output=True).returncode == 0:
                sys.exit(subprocess.call([*command, __file__, *sys.argv[1:]]))
    stop("nettoeffect needs Python 3.11 or newer and this machine has none that starts: please install one.")


def python_of(folder):
    """Path of the Python of a virtual environment."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def make_environment(folder):
    """Make an empty virtual environment, in the place of an older one."""
    shutil.rmtree(str(folder), ignore_errors=True)
    base = getattr(sys, "_base_executable", None) or sys.executable  # never an environment we run in
    if UV:
        call(UV, "venv", "--quiet", "--python", base, folder)
    elif importlib.util.find_spec("ensurepip"):
        call(base, "-m", "venv", folder)
    else:
        name = f"python3.{sys.version_info[1]}-venv"
        stop(f"This Python has no ensurepip to make environments: install {name} (Debian, Ubuntu) first.")


def install(folder, *what):
    """Install into an environment, with uv where it is on the PATH and with pip otherwise."""
    python = python_of(folder)
    tool = [UV, "pip", "install", "-q", "--python", python] if UV else [python, "-m", "pip", "install", "-qq"]
    call(*tool, *what)


def locked_environment():
    """Make `.venv` from the locks, unless it stands and nothing it depends on has changed."""
    folder = ROOT / ".venv"
    stamp = folder / "stamp.txt"
    files = [path.read_bytes() for path in (BUILD, DEV, ROOT / "pyproject.toml", ROOT / "run.py")]
    wanted = hashlib.sha256(b"\0".join([sys.version.encode(), str(ROOT).encode(), *files])).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        print("Setting up .venv from the lock, once: about a minute.", flush=True)
        began = time.perf_counter()
        make_environment(folder)
        install(folder, "--require-hashes", "-r", BUILD)  # first, so that no build fetches what is not locked
        install(folder, "--require-hashes", "--no-build-isolation", "-r", DEV)
        install(folder, "--no-deps", "--no-build-isolation", "-e", ".")
        stamp.write_text(wanted)
        print(f"Set up in {time.perf_counter() - began:.0f} s.", flush=True)
    return folder


def newest_environment():
    """Make `.venv-newest`: the project and its test tools in their newest releases."""
    folder = ROOT / ".venv-newest"
    make_environment(folder)
    install(folder, "--upgrade", "pip")  # dependency groups need pip 25.1
    install(folder, "-e", ".", "--group", "test")
    return folder


def main(arguments):
    """Run one task."""
    task, *rest = arguments or ["help"]
    if task not in TASKS:
        tasks = [f"  {name:10} {about[0]}" for name, about in TASKS.items()]
        stop("\n".join(["usage: python3 run.py TASK [arguments]", *tasks]))
    if sys.version_info < OLDEST:
        restart_on_newer_python()
    python = python_of(newest_environment() if task == "newest" else locked_environment())
    *before, last = [shlex.split(line) for line in TASKS[task][1:]]
    for command in before:
        call(python, *command)
    call(python, *last, *rest)


if __name__ == "__main__":
    main(sys.argv[1:])
