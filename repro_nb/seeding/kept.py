"""The random state that several runs of the same code begin with."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any, Callable, ContextManager, Dict, Iterable, Iterator, List, Mapping

from repro_nb.imports import ImportWatch
from repro_nb.probe.session import session
from repro_nb.rng import Source, States, sources
from repro_nb.rng.held import read
from repro_nb.rng.placing import restoring
from repro_nb.rng.reach import Budget, find
from repro_nb.seeding.context import SeedContext

__all__ = ["KeptRandomState"]

_BUDGET = Budget(objects=20_000, items=2_000, seconds=1.0)


class KeptRandomState:
    """Where every stream is now: the global ones, and those that names reach.

    Args:
        names: The names.
        namespace: What they stand for.
        budget: How far to look.

    Attributes:
        truncated: The names reach more than was looked at.
    """

    def __init__(
        self, names: Iterable[str], namespace: Mapping[str, Any], budget: Budget = _BUDGET
    ) -> None:
        reached, held = find(names, namespace, budget)
        self.truncated = reached.truncated
        self._steps: List[Callable[[], None]] = []
        for source in held.values():
            found = read(source)
            if found is not None and found.state is not None and found.advances:
                self._steps.append(restoring(source, found.kind, found.state))
        self._newcomers: Dict[str, States] = {}
        self._watch = ImportWatch()

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Put every stream back after the block, those of libraries that it imported too."""
        history = list(session.seed_history)
        try:
            with SeedContext(), self._watching(), _unseen():
                yield
        finally:
            session.seed_history.clear()
            session.seed_history.extend(history)
            for step in self._steps:
                step()
            for source in sources():
                # What a seed set at the import, the seed's own context has put back.
                if source.name in self._newcomers and source.name not in session.unseeded_states:
                    source.restoring(self._newcomers[source.name])()

    @contextmanager
    def _watching(self) -> Iterator[None]:
        for source in sources():
            if not source.states():
                self._watch.when_imported(source.module, partial(self._note, source))
        self._watch.install()
        try:
            yield
        finally:
            self._watch.uninstall()

    def _note(self, source: Source, _module: object) -> None:
        self._newcomers[source.name] = source.states()


def _unseen() -> ContextManager[None]:
    return nullcontext() if session.recorder is None else session.recorder.unseen()
