"""The import watch: it tells once, after the module is whole, and nobody can see that it was there."""

import importlib
import importlib.util
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from repro_nb.imports import ImportBracket, ImportWatch


@pytest.fixture
def watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ImportWatch]:
    """An installed watch, and a folder of modules to import."""
    (tmp_path / "watched_good.py").write_text(
        "import time\ntime.sleep(0.05)\nvalue = 7\nloader = __loader__\n"
    )
    (tmp_path / "watched_bad.py").write_text("raise RuntimeError('no')\n")
    (tmp_path / "watched_pkg").mkdir()
    (tmp_path / "watched_pkg" / "__init__.py").write_text("")
    (tmp_path / "watched_pkg" / "inner.py").write_text("from . import *\nvalue = 8\n")
    monkeypatch.syspath_prepend(tmp_path)
    found = ImportWatch()
    found.install()
    yield found
    found.uninstall()
    for name in [name for name in sys.modules if name.startswith("watched_")]:
        del sys.modules[name]


def test_a_module_is_told_once_and_whole(watch: ImportWatch) -> None:
    seen: list[int] = []
    watch.when_imported("watched_good", lambda module: seen.append(module.value))
    module = importlib.import_module("watched_good")
    importlib.reload(module)
    assert seen == [7]


def test_the_module_has_its_own_loader_even_while_it_runs(watch: ImportWatch) -> None:
    watch.when_imported("watched_good", lambda _: None)
    module = importlib.import_module("watched_good")
    loaders = {
        type(one).__name__ for one in (module.loader, module.__loader__, module.__spec__.loader)
    }
    assert loaders == {"SourceFileLoader"}


def test_a_submodule_is_told(watch: ImportWatch) -> None:
    seen: list[str] = []
    watch.when_imported("watched_pkg.inner", lambda module: seen.append(module.__name__))
    importlib.import_module("watched_pkg")
    assert seen == []
    importlib.import_module("watched_pkg.inner")
    assert seen == ["watched_pkg.inner"]


def test_a_failed_import_fails_as_ever_and_is_not_told(watch: ImportWatch) -> None:
    seen: list[ModuleType] = []
    watch.when_imported("watched_bad", seen.append)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="no"):
            importlib.import_module("watched_bad")
    assert seen == []
    assert "watched_bad" not in sys.modules


def test_a_missing_module_stays_missing(watch: ImportWatch) -> None:
    watch.when_imported("watched_nowhere", lambda _: None)
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("watched_nowhere")


def test_a_loaded_module_is_told_at_once(watch: ImportWatch) -> None:
    seen: list[ModuleType] = []
    watch.when_imported("json", seen.append)
    assert seen == [sys.modules["json"]]


def test_asking_for_a_spec_imports_and_tells_nothing(watch: ImportWatch) -> None:
    seen: list[ModuleType] = []
    watch.when_imported("watched_good", seen.append)
    spec = importlib.util.find_spec("watched_good")
    assert spec is not None
    assert spec.loader is not None
    assert spec.loader.get_source("watched_good").endswith("__loader__\n")  # type: ignore[attr-defined]
    assert seen == []


def test_two_watches_are_both_told(watch: ImportWatch) -> None:
    other, seen = ImportWatch(), []
    other.install()
    watch.when_imported("watched_good", lambda _: seen.append("one"))
    other.when_imported("watched_good", lambda _: seen.append("other"))
    module = importlib.import_module("watched_good")
    other.uninstall()
    assert sorted(seen) == ["one", "other"]
    assert type(module.__spec__.loader).__name__ == "SourceFileLoader"


def test_threads_that_import_together_are_told_once(watch: ImportWatch) -> None:
    seen: list[ModuleType] = []
    watch.when_imported("watched_good", seen.append)
    threads = [
        threading.Thread(target=importlib.import_module, args=("watched_good",)) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 1


def test_a_callback_that_raises_does_not_fail_the_import(
    watch: ImportWatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_: ModuleType) -> None:
        raise ValueError("ours")

    watch.when_imported("watched_good", broken)
    assert importlib.import_module("watched_good").value == 7
    assert "ValueError: ours" in capsys.readouterr().err


def test_nothing_is_told_after_it_is_uninstalled(watch: ImportWatch) -> None:
    seen: list[ModuleType] = []
    watch.when_imported("watched_good", seen.append)
    watch.uninstall()
    importlib.import_module("watched_good")
    assert seen == []
    assert watch not in sys.meta_path


def test_a_bracket_goes_around_the_outermost_import_alone(watch, tmp_path: Path) -> None:
    """What an import imports in its turn lies inside one bracket, which closes when it raises, too."""
    (tmp_path / "watched_outer.py").write_text("import watched_good\n")
    seen: list[str] = []
    bracket = ImportBracket(
        lambda _: True, lambda: seen.append("begin"), lambda _: seen.append("end")
    )
    bracket.install()
    try:
        importlib.import_module("watched_outer")
        assert seen == ["begin", "end"]
        with pytest.raises(RuntimeError):
            importlib.import_module("watched_bad")
        assert seen == ["begin", "end"] * 2
    finally:
        bracket.uninstall()


def test_a_bracket_is_not_seen_by_who_only_looks(watch) -> None:
    """``importlib.util.find_spec`` gets the module's own loader."""
    bracket = ImportBracket(lambda _: True, lambda: None, lambda _: None)
    bracket.install()
    try:
        assert type(importlib.util.find_spec("watched_good").loader).__name__ == "SourceFileLoader"
    finally:
        bracket.uninstall()
