"""The front door, `run.py`, and the locks it installs from."""

import ast
import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture
def front_door() -> ModuleType:
    """`run.py` as a module."""
    spec = importlib.util.spec_from_file_location("front_door", ROOT / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_needs_only_the_standard_library_of_an_old_python() -> None:
    tree = ast.parse((ROOT / "run.py").read_text(encoding="utf-8"), feature_version=(3, 9))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names


def test_without_a_task_it_lists_them_and_ends_with_2() -> None:
    done = subprocess.run([sys.executable, ROOT / "run.py"], capture_output=True, text=True)
    assert done.returncode == 2
    assert all(
        f"  {task} " in done.stderr for task in ("study", "test", "lint", "docs", "bench", "notebooks")
    )


def test_without_ensurepip_it_names_the_package(
    front_door: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(front_door, "UV", None)
    monkeypatch.setattr(front_door.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit) as end:
        front_door.make_environment(tmp_path / "new")
    assert end.value.code == 2
    assert re.search(r"ensurepip.* install python3\.\d+-venv", capsys.readouterr().err)


def test_without_a_new_python_it_says_so(
    front_door: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(front_door.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit) as end:
        front_door.restart_on_newer_python()
    assert end.value.code == 2
    assert "Python 3.11 or newer" in capsys.readouterr().err


def test_arguments_are_passed_to_the_last_command(
    front_door: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls: list[tuple[str, ...]] = []
    monkeypatch.setattr(front_door, "call", lambda *command: calls.append(command[1:]))
    monkeypatch.setattr(front_door, "locked_environment", lambda: tmp_path)
    front_door.main(["lint", "--verbose"])
    front_door.main(["test", "-k", "lock_in or deadweight"])
    assert calls[0] == ("-m", "ruff", "check")
    assert calls[2] == ("-m", "mypy", "--verbose")
    assert calls[3] == ("-m", "pytest", "-k", "lock_in or deadweight")


def test_a_changed_lock_makes_the_environment_anew(
    front_door: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "requirements").mkdir()
    for name in ("pyproject.toml", "run.py", "requirements/build.lock", "requirements/dev.lock"):
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(front_door, "ROOT", tmp_path)
    monkeypatch.setattr(front_door, "BUILD", tmp_path / "requirements" / "build.lock")
    monkeypatch.setattr(front_door, "DEV", tmp_path / "requirements" / "dev.lock")
    made: list[Path] = []
    installed: list[tuple[str, ...]] = []
    monkeypatch.setattr(
        front_door, "make_environment", lambda folder: (made.append(folder), folder.mkdir(exist_ok=True))
    )
    monkeypatch.setattr(front_door, "install", lambda folder, *what: installed.append(what))

    front_door.locked_environment()
    front_door.locked_environment()
    assert len(made) == 1
    assert all("--require-hashes" in what or "--no-deps" in what for what in installed)

    (tmp_path / "requirements" / "dev.lock").write_text("another")
    front_door.locked_environment()
    assert len(made) == 2


def pinned(lock: str) -> dict[str, str]:
    """Name -> entry of a lock file, continuation lines joined."""
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8").replace("\\\n", "")
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    return {re.split(r"[=<>!~ ]", line)[0]: line for line in lines}


@pytest.mark.parametrize("lock", ["build.lock", "dev.lock"])
def test_everything_locked_is_pinned_and_hashed(lock: str) -> None:
    for name, entry in pinned(lock).items():
        assert "==" in entry, name
        assert "--hash=sha256:" in entry, name
    assert "://" not in (ROOT / "requirements" / lock).read_text(encoding="utf-8")


def test_locks_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    wanted = [*project["project"]["dependencies"], *project["project"]["optional-dependencies"]["study"]]
    for part in groups["dev"]:
        wanted += groups[part["include-group"]]
    names = {re.split(r"[=<>!~ \[]", line)[0] for line in wanted}
    assert names <= set(pinned("dev.lock"))
    assert {re.split(r"[=<>!~ ]", line)[0] for line in groups["build"]} <= set(pinned("build.lock"))
    for line in project["build-system"]["requires"]:
        assert re.split(r"[=<>!~ ]", line)[0] in pinned("build.lock")
