"""The package as a whole: its names, its types, its texts, and what is in the compiled part."""

from __future__ import annotations

import copy
import doctest
import importlib
import inspect
import pickle
import shutil
import subprocess
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import perlipc as ipc
from perlipc import _perlipc, aio

HERE = Path(__file__).parent
# Names that a star import would put over Python's own.
NOT_BY_STAR = {"open", "exec", "wait", "sleep", "select"}


def public() -> set[str]:
    return {name for name in vars(ipc) if not name.startswith("_") and not inspect.ismodule(getattr(ipc, name))}


def test_star_import_hides_nothing_of_pythons() -> None:
    assert set(ipc.__all__) == public() - NOT_BY_STAR
    assert sorted(ipc.__all__) == list(ipc.__all__)


def test_no_name_of_the_c_library_is_exported() -> None:
    nm = shutil.which("nm")
    if nm is None:
        pytest.skip("needs nm (binutils)")
    symbols = subprocess.run([nm, "-D", "--defined-only", _perlipc.__file__], capture_output=True, text=True, check=True)
    names = [line.split()[-1].partition("@")[0] for line in symbols.stdout.splitlines()]
    assert "PyInit__perlipc" in names
    assert [name for name in names if name.startswith(("ipc_", "perlipc_"))] == []


def documented() -> Iterator[tuple[str, Any]]:
    things = [(name, getattr(ipc, name)) for name in sorted(public())]
    things += [(f"aio.{name}", getattr(aio, name)) for name in aio.__all__]
    for name, thing in things:
        yield name, thing
        if inspect.isclass(thing) and thing.__module__.startswith("perlipc"):
            for member, value in vars(thing).items():
                # Numbers have no text of their own: their class's has them.
                if not member.startswith("_") and not isinstance(value, int):
                    yield f"{name}.{member}", value


@pytest.mark.parametrize(("name", "thing"), [pytest.param(*one, id=one[0]) for one in documented()])
def test_everything_is_documented(name: str, thing: Any) -> None:
    text = inspect.getdoc(thing)
    assert text and text.strip().endswith((".", "]", "}", "'", "True", ")")), text


def examples() -> Iterator[doctest.DocTest]:
    parser = doctest.DocTestParser()
    for name, thing in [("perlipc", ipc), ("perlipc.aio", aio), *documented()]:
        text = inspect.getdoc(thing) or ""
        if ">>>" in text:
            yield parser.get_doctest(text, {}, name, None, None)


@pytest.mark.parametrize("example", [pytest.param(one, id=one.name) for one in examples()])
def test_examples_in_the_help(example: doctest.DocTest) -> None:
    runner = doctest.DocTestRunner()
    report: list[str] = []
    runner.run(example, out=report.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(report)


def test_examples_in_the_readme() -> None:
    results = doctest.testfile(str(HERE.parent / "README.md"), module_relative=False)
    assert results.attempted > 5 and results.failed == 0


def test_weak_references() -> None:
    """Of all that has an identity, as Python's files and processes allow them."""
    things: list[Any] = [
        *ipc.pipe(),
        *ipc.dgram_pair(),
        ipc.start(["true"]),
        ipc.tcp_listen("127.0.0.1", 0),
        ipc.Poll(),
        ipc.Expect(b"x"),
        ipc.Lock(),
        ipc.FutexSemaphore(),
        ipc.Shared(),
        ipc.PrivateFifo(),
        ipc.argv([]),
        ipc.Semaphore(0),
        ipc.MessageQueue(0),
        ipc.open2(["true"]),
    ]
    refs = [weakref.ref(thing) for thing in things]
    assert [ref() for ref in refs] == things
    things[4].wait()
    things[-1].close()
    things.clear()
    assert [ref() for ref in refs] == [None] * len(refs)


def test_there_is_one_table_of_signals() -> None:
    assert copy.copy(ipc.SIG) is copy.deepcopy(ipc.SIG) is pickle.loads(pickle.dumps(ipc.SIG)) is ipc.SIG


def run(*args: str) -> None:
    result = subprocess.run([sys.executable, "-m", *args], cwd=HERE.parent, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def needs_mypy() -> None:
    if importlib.util.find_spec("mypy") is None:
        pytest.skip("needs mypy")


def test_types_of_package_and_tests() -> None:
    needs_mypy()
    run("mypy", "--strict", "perlipc", "tests")


def test_stubs_are_the_built_module(tmp_path: Path) -> None:
    needs_mypy()
    run("mypy.stubtest", "--allowlist", "tests/stubtest.txt", "--ignore-unused-allowlist", "perlipc")
