"""The records: what a cell did to the random state, and the world it ran in.

These are plain frozen dataclasses of the standard library, so that the kernel side can make them in any
environment. ``to_json`` and ``from_json`` round-trip through what ``json`` can write.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = [
    "JAX",
    "KEY_MAKER",
    "CellError",
    "CellRecord",
    "EntropyUse",
    "Environment",
    "FactorUse",
    "KeyUse",
    "UnseededOrigin",
    "source_digest",
]


JAX = "jax"
"""The source that stands for every JAX key: keys have no stream, so a use of one is what can be recorded."""


KEY_MAKER = "prng_key"
"""How the entries begin among a record's keys that tell of keys made, and not consumed."""


_NO_VALUES: Mapping[str, str] = {}
# One for all records: a session keeps thousands, and but for reruns none has any.


def source_digest(source: str) -> str:
    """Digest of a cell's source: BLAKE2b, 16 bytes, as 32 hexadecimal digits.

    Trailing white space at the end of the cell is not part of it, since front ends disagree on it.
    """
    return hashlib.blake2b(
        source.rstrip().encode("utf-8", "surrogatepass"), digest_size=16
    ).hexdigest()


@dataclass(frozen=True)
class CellError:
    """The exception that ended a cell.

    Attributes:
        type: Name of the exception's class.
        message: Its text.
    """

    type: str
    message: str


@dataclass(frozen=True)
class KeyUse:
    """A concrete JAX key that a function of ``jax.random`` consumed.

    Attributes:
        function: The function's name, such as ``normal``.
        fingerprint: Fingerprint of the key's implementation and data.
    """

    function: str
    fingerprint: str


@dataclass(frozen=True)
class EntropyUse:
    """What the system gave to a generator of numpy's that a line of the user's code made without a seed.

    Attributes:
        line: The line's number, from 1, in its cell or file.
        code: Its text.
        entropy: The bits, as a hexadecimal literal; as text, since not every reader of JSON keeps such numbers.
    """

    line: int
    code: str
    entropy: str


@dataclass(frozen=True)
class FactorUse:
    """A line of the user's code that used something by which two runs can differ.

    Attributes:
        factor: Public name of the factor, such as ``clock``.
        call: What was called, such as ``time.time``.
        cell: Id of the cell that the line is in; empty where it is in a file of the user's.
        line: The line's number, from 1, in its cell or file.
        code: Its text.
        file: The file that the line is in; empty where it is in a cell.
        count: How often the line did so while the recorded cell ran.
    """

    factor: str
    call: str
    cell: str
    line: int
    code: str
    file: str = ""
    count: int = 1


@dataclass(frozen=True)
class UnseededOrigin:
    """What the system gave to a generator of numpy's that was made without a seed: its very stream can be rebuilt.

    Attributes:
        bit_generator: Class of its bit generator, such as ``PCG64``.
        entropy: The 128 bits, as a hexadecimal literal; as text, since not every reader of JSON keeps such numbers.
        spawn_key: Which child of that entropy it is.
    """

    bit_generator: str
    entropy: str
    spawn_key: tuple[int, ...] = ()

    def expression(self, kind: str) -> str:
        """Python that makes the generator again.

        Args:
            kind: Its type as the record's ``kinds`` has it.
        """
        seed = self.entropy
        if self.spawn_key:
            seed = f"np.random.SeedSequence({seed}, spawn_key={self.spawn_key})"
        bare = f"np.random.{self.bit_generator}({seed})"
        if kind == "numpy.random.Generator(PCG64)":
            return f"np.random.default_rng({seed})"
        owner = kind.partition("(")[0].rpartition(".")[2]
        return bare if owner == self.bit_generator else f"np.random.{owner}({bare})"


@dataclass(frozen=True)
class CellRecord:
    """The facts of one execution of one cell.

    A *source* is a stream of random numbers. Global ones are named by their library (``python``, ``numpy``,
    ``torch``, ``torch.cuda:0``), those a user holds by the expression that reaches them (``rng``,
    ``model.noise``).

    Attributes:
        cell_id: The front end's cell id, else ``<index>-<source digest>``.
        order: Which execution of the session this was, from 1.
        source_digest: `source_digest` of the cell's text.
        status: ``ok``, or ``failed`` when the cell raised.
        seconds: Duration of the execution, wall time.
        before: Fingerprint of every source that was seen before the cell ran; None stands for a source whose
            device is not initialised yet.
        after: The same after it ran.
        draws: Names of the sources that advanced while the cell ran, those among them that it made. What an
            installed library draws while it is imported is left out: it is no doing of the cell's. `JAX` when
            the cell consumed keys.
        between: Names of the sources that advanced after the previous cell ended and before this one began:
            a thread, a timer or a widget drew.
        appeared: Names of the sources first seen after the cell ran (a library was imported, a generator made).
        seeded: Sources that a seeding call in the cell set, with the call: ``{"numpy": "np.random.seed(0)"}``.
        keys: JAX keys that were consumed, in order.
        kinds: Type of each source that a user holds: ``{"rng": "numpy.random.Generator(PCG64)"}``.
        origins: What the generators that the cell made without a seed were made from, where numpy tells.
        entropy: What the system gave to the generators of numpy's that the cell made without a seed, those among
            them that it dropped again; the first ones.
        uses: Lines that used a factor while the cell ran, in the order of their first use; only where factors are
            watched.
        values: Digest of each variable that the cell mentions, as it was when the cell ended; only where factors are
            watched, and only of what is not too large. How to read one is said in `repro_nb.probe.value_digests`.
        error: What the cell raised.
        truncated: The search for generators stopped at its budget: sources may be missing.
        recorder_error: The recorder itself failed on this cell; its other facts are incomplete.
    """

    cell_id: str
    order: int
    source_digest: str
    status: str
    seconds: float
    before: Mapping[str, str | None] = field(default_factory=dict)
    after: Mapping[str, str | None] = field(default_factory=dict)
    draws: tuple[str, ...] = ()
    between: tuple[str, ...] = ()
    appeared: tuple[str, ...] = ()
    seeded: Mapping[str, str] = field(default_factory=dict)
    keys: tuple[KeyUse, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)
    origins: Mapping[str, UnseededOrigin] = field(default_factory=dict)
    entropy: tuple[EntropyUse, ...] = ()
    uses: tuple[FactorUse, ...] = ()
    values: Mapping[str, str] = field(default_factory=lambda: _NO_VALUES)
    error: CellError | None = None
    truncated: bool = False
    recorder_error: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The record as what ``json`` can write."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> CellRecord:
        """The record that `to_json` wrote.

        Raises:
            TypeError: A field is unknown or missing.
        """
        error = data.get("error")
        return cls(
            **{
                **data,
                "draws": tuple(data.get("draws", ())),
                "between": tuple(data.get("between", ())),
                "appeared": tuple(data.get("appeared", ())),
                "keys": tuple(KeyUse(**use) for use in data.get("keys", ())),
                "entropy": tuple(EntropyUse(**use) for use in data.get("entropy", ())),
                "uses": tuple(FactorUse(**use) for use in data.get("uses", ())),
                "origins": {
                    name: UnseededOrigin(**{**origin, "spawn_key": tuple(origin["spawn_key"])})
                    for name, origin in data.get("origins", {}).items()
                },
                "error": CellError(**error) if error else None,
            }
        )


@dataclass(frozen=True)
class Environment:
    """The world a notebook ran in, as far as it can change results.

    Attributes:
        python: Version and implementation, such as ``CPython 3.11.7``.
        os: System, release and machine, such as ``Linux 6.1.0 x86_64``.
        cpu: Model name of the processor, and the instruction sets that numerical libraries choose by.
        cpu_count: Logical processors that the process may use.
        threads: Thread counts by library, such as ``{"torch": 2, "OMP_NUM_THREADS": 1}``.
        blas: BLAS library and version by the package that uses it.
        accelerators: Devices that were in use; devices are never initialised to find out.
        packages: Version of every distribution that the process really imported.
        variables: Environment variables that can change results, as set.
    """

    python: str
    os: str
    cpu: str
    cpu_count: int
    threads: Mapping[str, int] = field(default_factory=dict)
    blas: Mapping[str, str] = field(default_factory=dict)
    accelerators: tuple[str, ...] = ()
    packages: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The environment as what ``json`` can write."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Environment:
        """The environment that `to_json` wrote.

        Raises:
            TypeError: A field is unknown or missing.
        """
        return cls(**{**data, "accelerators": tuple(data.get("accelerators", ()))})
