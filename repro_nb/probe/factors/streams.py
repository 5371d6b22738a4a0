"""The streams of random numbers that libraries keep for everyone, each a factor of its own."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Mapping, Optional, Tuple

from repro_nb.imports import ImportWatch
from repro_nb.probe.factors.factor import Host, Setting, Traces
from repro_nb.probe.factors.forks import Forks
from repro_nb.probe.factors.seeded_first import seeds_first
from repro_nb.rng import Source, sources

if TYPE_CHECKING:
    from repro_nb.probe.factors.uses import Uses
    from repro_nb.records import CellRecord

__all__ = ["StreamFactor", "stream_factors"]

# Seeds that nobody chooses: one that the user sets, too, would look as if nothing had been set.
_PINNED = 2_718_281_829
_FIRST_OTHER = 3_141_592_653
_PYTHON = "python"


class StreamFactor:
    """A library's global stream, as it stands before the user seeds it.

    Args:
        source: The library.
    """

    floating = True

    def __init__(self, source: Source) -> None:
        self.name = source.name
        self.wording = (
            f"the stream of random numbers of {_TITLES.get(source.name, source.name)}, unseeded"
        )
        self._source = source

    def pin(self, host: Host) -> Setting:  # noqa: ARG002 - the same everywhere
        """One seed, set before the user's code can draw."""
        return _setting(_PINNED)

    def vary(self, host: Host, round_: int) -> Setting:  # noqa: ARG002 - as above
        """Another seed."""
        return _setting(_FIRST_OTHER + round_)

    def install(self, uses: Uses, held: Optional[str]) -> None:
        """Seed the library when it is imported, or now when it is loaded."""
        if self.name == _PYTHON:
            _ForkedStream(self._source, uses, held).watch()
        if held is None:
            return
        seed = int(held)
        imports = ImportWatch()
        imports.when_imported(self._source.module, lambda _: self._source.seed(seed))
        imports.install()

    def is_active(self, traces: Traces) -> bool:
        """Whether a cell drew from the stream before the user seeded it, or a child process may have."""
        if traces.uses_of(self.name):
            return True
        seeded: Mapping[str, str] = {}
        for record, text in _in_order(traces):
            drawn = [name for name in record.draws if name.partition(".")[0] == self.name]
            for stream in drawn:
                call = record.seeded.get(stream)
                if stream not in seeded and not (
                    call and seeds_first(text, call, set(record.seeded.values()))
                ):
                    return True
            seeded = {**seeded, **record.seeded}
        return False

    def remedy(self, code: str) -> str:
        """Seed the library once; an estimator takes a seed of its own."""
        takes_seed = next((word for word in _TAKE_RANDOM_STATE if word in code), None)
        if self.name == "numpy" and takes_seed:
            return f"give `{takes_seed}` a seed of its own: `random_state=42`"
        call = _REMEDIES.get(self.name, f"the seed of {self.name}")
        return f"seed it in the first cell after the imports: `{call}`"


def stream_factors() -> Tuple[StreamFactor, ...]:
    """One for each library whose streams are watched, those that other packages add among them."""
    return tuple(StreamFactor(source) for source in sources())


def _setting(seed: int) -> Setting:
    return Setting(f"seed {seed}", held=str(seed))


def _in_order(traces: Traces) -> "Tuple[Tuple[CellRecord, str], ...]":
    """Records and texts in the order in which the cells ran."""
    pairs = zip(traces.records, traces.sources)  # noqa: B905 - Python 3.9 has no strict=
    return tuple(sorted(pairs, key=lambda pair: pair[0].order))


class _ForkedStream:
    """Python's stream in forked children, where ``random`` takes a new seed from the system by itself."""

    def __init__(self, source: Source, uses: Uses, held: Optional[str]) -> None:
        self._source = source
        self._uses = uses
        self._held = held
        self._forks = Forks()

    def watch(self) -> None:
        self._forks.watch(self._note, self._seed)

    def _note(self) -> None:
        place = self._uses.place()
        if place is not None:
            self._uses.note(_PYTHON, "os.fork", place)

    def _seed(self) -> None:
        if self._held is not None:
            text = repr((self._held, self._forks.path)).encode()
            digest = hashlib.blake2b(text, digest_size=4).digest()
            self._source.seed(int.from_bytes(digest, "big"))


_TITLES = {"python": "Python's `random`", "tensorflow": "TensorFlow", "cupy": "CuPy"}
_REMEDIES = {
    "python": "random.seed(42)",
    "numpy": "np.random.seed(42)",
    "torch": "torch.manual_seed(42)",
    "tensorflow": "tf.random.set_seed(42)",
    "cupy": "cupy.random.seed(42)",
    "numba": "np.random.seed(42)` inside a jitted function, which has streams of its own, and `random.seed(42)",
}
# What draws from numpy's global stream unless it is told otherwise.
_TAKE_RANDOM_STATE = (
    "train_test_split", "KFold", "ShuffleSplit", "KMeans", "RandomForest", "ExtraTrees", "GradientBoosting",
    "DecisionTree", "MLP", "TSNE", "PCA", "TruncatedSVD", "NMF", "SGD", "LogisticRegression", "RandomizedSearchCV",
    "make_blobs", "make_moons", "make_circles", "make_classification", "make_regression", "GaussianMixture",
    "IsolationForest", "permutation_importance", "shuffle", "resample", "sample", "rvs",
)  # fmt: skip
