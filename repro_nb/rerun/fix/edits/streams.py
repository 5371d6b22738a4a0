"""Streams that libraries hold themselves, and that nothing seeds: one line each, in one place after the imports."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from repro_nb.rerun.fix.changes import Import, Preamble, Proposal
from repro_nb.rerun.fix.edits.common import called, calls, with_argument
from repro_nb.rerun.fix.edits.edit import SEED
from repro_nb.rerun.fix.script import Script
from repro_nb.rerun.result import Cause

__all__ = ["CompiledSeed", "RandomStateArgument", "StreamSeed"]

# What holds the stream, what is imported to seed it, and the call.
_STREAMS = {
    "python": ("random", "seed"),
    "numpy": ("numpy", "random.seed"),
    "torch": ("torch", "manual_seed"),
    "tensorflow": ("tensorflow", "random.set_seed"),
    "cupy": ("cupy", "random.seed"),
}
_TAKES_RANDOM_STATE = frozenset({
    "train_test_split", "shuffle", "resample", "make_classification", "make_regression", "make_blobs",
    "make_moons", "make_circles", "KFold", "StratifiedKFold", "ShuffleSplit", "StratifiedShuffleSplit",
    "GroupShuffleSplit", "RepeatedKFold", "RepeatedStratifiedKFold", "KMeans", "MiniBatchKMeans",
    "BisectingKMeans", "SpectralClustering", "GaussianMixture", "BayesianGaussianMixture",
    "RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor",
    "IsolationForest", "GradientBoostingClassifier", "GradientBoostingRegressor",
    "HistGradientBoostingClassifier", "HistGradientBoostingRegressor", "AdaBoostClassifier",
    "AdaBoostRegressor", "BaggingClassifier", "BaggingRegressor", "DecisionTreeClassifier",
    "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor", "MLPClassifier",
    "MLPRegressor", "SGDClassifier", "SGDRegressor", "Perceptron", "PassiveAggressiveClassifier",
    "RandomizedSearchCV", "RandomizedPCA", "TruncatedSVD", "FastICA", "NMF", "MiniBatchNMF",
    "LatentDirichletAllocation", "TSNE", "MDS", "SpectralEmbedding", "RBFSampler", "Nystroem",
    "GaussianRandomProjection", "SparseRandomProjection", "permutation_importance",
    "QuantileTransformer",
})  # fmt: skip


class RandomStateArgument:
    """``random_state=42`` for the call at fault, where it takes that and is given none."""

    factors = frozenset({"numpy"})

    def propose(self, cause: Cause, script: Script) -> Sequence[Proposal]:
        """The argument for the calls on the line at fault."""
        sites = () if cause.origin is None else next(iter(script.sites(cause)))
        changes = tuple(
            with_argument(site, call, f"random_state={SEED}")
            for site, call in calls(sites)
            if _takes_random_state(called(script, call)) and not _is_given_one(call)
        )
        why = f"gives the call at fault a seed of its own, {SEED}"
        return [Proposal(changes, why)] if changes else []


def _takes_random_state(path: str) -> bool:
    module, _, name = path.rpartition(".")
    if module.partition(".")[0] in {"sklearn", "imblearn"}:
        return name in _TAKES_RANDOM_STATE
    return path == ".sample"


def _is_given_one(call: ast.Call) -> bool:
    names = {keyword.arg for keyword in call.keywords}
    # **options may hold one.
    return bool(names & {"random_state", None})


class StreamSeed:
    """A seed for a library's own stream, after the imports."""

    factors = frozenset(_STREAMS)

    def propose(self, cause: Cause, script: Script) -> Sequence[Proposal]:
        """One line, under the name by which the notebook imports the library."""
        module, function = _STREAMS[cause.factor]
        before = cause.cell if cause.origin is None else cause.origin.cell
        line, needed = _seeding(script, module, function)
        why = f"seeds the stream of {module} before anything is drawn from it"
        return [Proposal((Preamble(before, (line,), (needed,)),), why)]


def _seeding(script: Script, module: str, function: str) -> tuple[str, Import]:
    """The line that seeds, and what it needs imported."""
    bound = {binding.path: binding.name for binding in script.imported}
    parent, _, last = f"{module}.{function}".rpartition(".")
    for path, call in ((module, f".{function}"), (parent, f".{last}"), (f"{parent}.{last}", "")):
        if path in bound:
            return f"{bound[path]}{call}({SEED})", Import(path, bound[path])
    needed = script.name_for(module)
    return f"{needed.name}.{function}({SEED})", needed


class CompiledSeed:
    """A seed set by code that Numba compiled: its streams are not those of the interpreter."""

    factors = frozenset({"numba"})

    def propose(self, cause: Cause, script: Script) -> Sequence[Proposal]:
        """A compiled function that seeds each stream which compiled code draws from."""
        before = cause.cell if cause.origin is None else cause.origin.cell
        drawn = sorted(_compiled_draws(script)) or ["numpy.random"]
        decorator, needed = _decorator(script)
        imports, seeds = [needed], []
        for path in drawn:
            module = script.name_for(path.partition(".")[0])
            imports.append(module)
            inner = ".random" if path == "numpy.random" else ""
            seeds.append(f"    {module.name}{inner}.seed(seed)")
        name = script.free_name("seed_compiled")
        text = "\n".join([f"@{decorator}", f"def {name}(seed):", *seeds, "", "", f"{name}({SEED})"])
        why = (
            "seeds the streams of compiled code from within, as seeds set outside do not reach them"
        )
        return [Proposal((Preamble(before, (text,), tuple(imports)),), why)]


def _decorator(script: Script) -> tuple[str, Import]:
    bound = {binding.path: binding.name for binding in script.imported}
    if "numba.njit" in bound:
        return bound["numba.njit"], Import("numba.njit", bound["numba.njit"])
    needed = script.name_for("numba")
    return f"{needed.name}.njit", needed


def _compiled_draws(script: Script) -> set[str]:
    """Streams that compiled functions of the notebook draw from."""
    found = set()
    for text in script.cells:
        for node in text.nodes():
            if isinstance(node, ast.FunctionDef) and _is_compiled(node, script):
                paths = [script.path(inner) or "" for inner in ast.walk(node)]
                found |= {path.rpartition(".")[0] for path in paths}
    return found & {"numpy.random", "random"}


def _is_compiled(node: ast.FunctionDef, script: Script) -> bool:
    decorators = (each.func if isinstance(each, ast.Call) else each for each in node.decorator_list)
    return any((script.path(each) or "").startswith("numba.") for each in decorators)
