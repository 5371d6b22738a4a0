"""Fresh random bits from the system: a seed where a generator is made without one, a seeded generator elsewhere."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

from repro_nb.rerun.fix.changes import Change, Import, Proposal
from repro_nb.rerun.fix.edits.common import (
    called,
    calls,
    imported,
    is_none,
    made_later,
    proposals,
    renamed,
    replaced,
    with_argument,
)
from repro_nb.rerun.fix.edits.edit import SEED
from repro_nb.rerun.fix.script import Script, Site
from repro_nb.rerun.result import Cause

__all__ = ["SeedArgument", "SeededGenerator"]

_NUMPY = [
    "default_rng",
    "RandomState",
    "SeedSequence",
    "PCG64",
    "PCG64DXSM",
    "MT19937",
    "Philox",
    "SFC64",
    "seed",
]
_SEEDABLE = {f"{module}.random.{name}" for module in ("numpy", "cupy") for name in _NUMPY} | {
    "random.Random",
    "random.seed",
    "cupy.random.XORWOW",
}
"""What takes a seed as its first argument, and asks the system where it is given none."""


class SeedArgument:
    """``default_rng(42)`` for ``default_rng()``, and the like."""

    factors = frozenset({"os-entropy"})

    def propose(self, cause: Cause, script: Script) -> Sequence[Proposal]:
        """A seed for every generator made, or stream seeded, without one."""

        def treat(sites: Sequence[Site]) -> Iterable[Change]:
            for site, call in calls(sites):
                yield from _seeded(script, site, call)
            for site, maker, call in made_later(sites):
                if called(script, call) in _SEEDABLE:
                    text = f"lambda: {site.text.text(maker)}({SEED})"
                    yield replaced(site, maker, text)

        return proposals(cause, script, treat, f"gives it the seed {SEED} instead of fresh entropy")


def _seeded(script: Script, site: Site, call: ast.Call) -> Iterator[Change]:
    path = called(script, call)
    if path in _SEEDABLE:
        if not call.args and not call.keywords:
            yield with_argument(site, call, str(SEED))
        for value in _first_values(call):
            yield replaced(site, value, str(SEED))
    elif path in {"torch.seed", "torch.random.seed", "torch.cuda.seed", "torch.cuda.seed_all"}:
        name = "manual_seed_all" if path.endswith("seed_all") else "manual_seed"
        yield from renamed(script, site, call.func, f"{path.rpartition('.')[0]}.{name}")
        yield with_argument(site, call, str(SEED))
    elif path == ".seed" and not call.args and isinstance(call.func, ast.Attribute):
        # A torch.Generator has both; of others that have neither, the rerun tells.
        if "torch" in script.stands_for.values():
            yield from renamed(script, site, call.func, ".manual_seed")
        yield with_argument(site, call, str(SEED))


def _first_values(call: ast.Call) -> list[ast.expr]:
    """The seed that is given, where it is given as None."""
    named = [word.value for word in call.keywords if word.arg in {"seed", "x", "a", "entropy"}]
    return [value for value in [*call.args[:1], *named] if is_none(value)]


class SeededGenerator:
    """A seeded generator of Python's for what can only be asked of the system."""

    factors = frozenset({"os-entropy"})

    def propose(self, cause: Cause, script: Script) -> Sequence[Proposal]:
        """Draws from the system replaced by draws from one seeded generator."""
        generator = script.free_name("seeded_random")

        def treat(sites: Sequence[Site]) -> Iterable[Change]:
            asked = [(site, call, call, "") for site, call in calls(sites)]
            named = [(*each, "lambda: ") for each in made_later(sites)]
            for site, node, call, before in (*asked, *named):
                text, *needed = _drawn(script, site, call, generator)
                if text:
                    module = script.name_for("random")
                    line = f"{generator} = {module.name}.Random({SEED})"
                    yield imported(site, module, *needed, lines=(line,))
                    yield replaced(site, node, f"{before}{text}")

        why = (
            "draws from one seeded generator instead of the system: numbers that can be foretold, which must not serve "
            "as passwords, keys or salts in earnest"
        )
        return proposals(cause, script, treat, why)


def _drawn(
    script: Script, site: Site, call: ast.Call, generator: str
) -> tuple[str, *tuple[Import, ...]]:
    """The same draw from `generator`, and what it needs imported; empty where there is none."""
    path = called(script, call)
    given = [site.text.text(argument) for argument in call.args]
    first = given[0] if given else ""
    if path in {"uuid.uuid4", "uuid.uuid1"}:
        module = script.name_for("uuid")
        version = path[-1]
        return f"{module.name}.UUID(int={generator}.getrandbits(128), version={version})", module
    if path in {"secrets.SystemRandom", "random.SystemRandom"}:
        return (generator,)
    simple = {
        "os.urandom": f"{generator}.randbytes({first})",
        "os.getrandom": f"{generator}.randbytes({first})",
        "secrets.choice": f"{generator}.choice({first})",
        "secrets.randbelow": f"{generator}.randrange({first})",
        "secrets.randbits": f"{generator}.getrandbits({first})",
        "secrets.token_bytes": f"{generator}.randbytes({first or 32})",
        "secrets.token_hex": f"{generator}.randbytes({first or 32}).hex()",
    }
    if path == "secrets.token_urlsafe":
        module = script.name_for("base64")
        drawn = f"{generator}.randbytes({first or 32})"
        return f'{module.name}.urlsafe_b64encode({drawn}).rstrip(b"=").decode()', module
    return (simple.get(path, ""),)
