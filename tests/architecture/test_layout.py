"""Where files may lie, and what none of them may hold."""

import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = ROOT / "platform" / "tirek"
TESTS = ROOT / "tests"
LONGEST_FILE = 400

# In pieces, so that this file does not hold what it forbids.
FORBIDDEN = [
    "/".join(parts)
    for parts in [
        ("", "work", ""),
        ("", "root", ""),
        ("", "farm", ""),
        ("", "opt", "wheels"),
        ("", "opt", "pypi"),
    ]
] + [
    ".".join(parts)
    for parts in [
        ("files", "pythonhosted"),
        ("pypi", "org/simple"),
        ("registry", "npmjs"),
        ("registry", "yarnpkg"),
        ("deb", "debian"),
        ("proxy", "golang"),
    ]
]


def _tracked_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607 - git is wherever the machine keeps it
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout: nothing says which files are ours")
    return [ROOT / name.decode() for name in listed.stdout.split(b"\0") if name]


def _has_python(folder: Path) -> bool:
    return any(folder.glob("*.py"))


def test_platform_holds_tirek_and_no_module_of_its_own():
    """A platform/__init__.py would replace Python's own platform module."""
    assert not list(CODE.parent.glob("*.py"))
    folders = {path.name for path in CODE.parent.iterdir() if path.is_dir()} - {"__pycache__"}
    assert folders == {"tirek"}


def test_no_folder_of_tests_is_called_platform():
    assert not (TESTS / "platform").exists()


@pytest.mark.parametrize("top", [CODE, TESTS], ids=lambda top: top.name)
def test_every_folder_with_python_is_a_package(top: Path):
    folders = [top, *(path for path in top.rglob("*") if path.is_dir())]
    loose = [
        str(folder.relative_to(ROOT))
        for folder in folders
        if _has_python(folder) and not (folder / "__init__.py").exists()
    ]
    assert not loose


def _modules_of_contract(name: str) -> set[str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = {each["name"]: each for each in settings["tool"]["importlinter"]["contracts"]}
    return set(contracts[name].get("source_modules") or contracts[name]["modules"])


def _packages(folder: Path, among: set[str] | None = None) -> set[str]:
    prefix = ".".join(folder.relative_to(CODE.parent).parts)
    return {
        f"{prefix}.{path.parent.name}"
        for path in folder.glob("*/__init__.py")
        if among is None or path.parent.name in among
    }


@pytest.mark.parametrize(
    ("contract", "rooms"),
    [
        ("Flask stays in web", {"services", "storage", "catalog", "gateways", "tasks"}),
        ("Celery stays in tasks", {"web", "services", "storage", "catalog", "domain"}),
    ],
)
def test_every_room_stands_in_its_contracts(contract: str, rooms: set[str]):
    """A contract cannot name a room before it exists; so a new room is easily forgotten."""
    assert _packages(CODE, rooms) <= _modules_of_contract(contract)


@pytest.mark.parametrize("contract", ["No SQL in views", "People do not share views"])
def test_every_person_stands_in_the_contracts_of_the_views(contract: str):
    people = {"student", "parent", "school", "psc", "oversight", "admin", "public", "api"}
    assert _packages(CODE / "web", people) <= _modules_of_contract(contract)


def test_no_file_is_longer_than_a_reader_holds_in_mind():
    long = {
        str(path.relative_to(ROOT)): lines
        for path in CODE.rglob("*.py")
        # A migration is written once, mostly by alembic, and never grown.
        if path.parent.name != "versions"
        and (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }
    assert not long


def test_no_file_names_a_machine_or_a_registry():
    found = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in _tracked_files()
        if path.is_file()
        for word in FORBIDDEN
        if word.encode() in path.read_bytes()
    ]
    assert not found
