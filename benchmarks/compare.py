"""Accuracy and time of the comparison of outputs, against nbval's own, on labelled pairs of outputs.

Run: ``python benchmarks/compare.py``. Prints a table, and writes ``benchmarks/results/compare.json``. Both sides are
called in this process, in turns: nbval's as its plug-in calls it, once as installed and once with a sanitizing file of
the kind that its documentation recommends (addresses, dates, times, temporary paths). The pairs were written together
with the comparison, to say what it is for: they show what it does, and are no estimate of its error on other notebooks.
"""

from __future__ import annotations

import base64
import io
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import nbformat
from nbval import plugin
from PIL import Image

from repro_nb.recording.compare import compare_outputs

RESULTS = Path(__file__).parent / "results" / "compare.json"
ROUNDS = 20


class Pair(NamedTuple):
    """Two lists of outputs of one cell, and whether a careful reader would call them the same result."""

    name: str
    agree: bool
    expected: list[dict[str, Any]]
    actual: list[dict[str, Any]]


def result(mime: str, value: Any, text: str = "") -> list[dict[str, Any]]:
    """One display of a mime type, with plain text beside it."""
    data = {mime: value} if mime == "text/plain" else {mime: value, "text/plain": text}
    return [{"output_type": "display_data", "data": data, "metadata": {}}]


def stream(*texts: str, name: str = "stdout") -> list[dict[str, Any]]:
    """The chunks of one stream."""
    return [{"output_type": "stream", "name": name, "text": text} for text in texts]


def error(message: str, *traceback: str) -> list[dict[str, Any]]:
    """An exception."""
    return [
        {
            "output_type": "error",
            "ename": "ValueError",
            "evalue": message,
            "traceback": list(traceback),
        }
    ]


def picture(*spots: tuple[int, int], shade: int = 0, level: int = 6, width: int = 64) -> str:
    """A white picture with dark spots, as base64 PNG."""
    image = Image.new("L", (width, 48), 255)
    for spot in spots:
        image.putpixel(spot, shade)
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "PNG", compress_level=level)
    return base64.b64encode(buffer.getvalue()).decode()


TEXT_AGREES = {
    "rounding of a sum": ("0.3", "0.30000000000000004"),
    "float noise in a list": ("[0.1, 0.2, 0.7]", "[0.1, 0.20000000000000018, 0.7000000000000001]"),
    "zero with noise": ("mean 0.0", "mean -1.7e-16"),
    "noise of another sign": ("1.1e-17", "-2.2e-16"),
    "array aligned anew": ("[0.1  0.25]", "[0.1        0.25000001]"),
    "array wrapped anew": ("array([0.1, 0.2,\n       0.3])", "array([0.1, 0.2, 0.3000000001])"),
    "tensor, last digits of float32": ("tensor([0.33333334])", "tensor([0.33333331])"),
    "frame aligned anew": (
        "     a\n0  1.5\n1  2.5",
        "            a\n0  1.500000001\n1  2.500000000",
    ),
    "complex": ("(0.1+0.2j)", "(0.1+0.20000000000000001j)"),
    "signed zero": ("-0.0", "0.0"),
    "exponent form": ("1e-05", "0.00001"),
    "fewer digits printed": ("3.14", "3.141"),
    "thousands": ("1,234,567.8", "1,234,567.80001"),
    "not a number": ("nan 1.0", "nan 1.0000000001"),
    "address": ("<object object at 0x7f3a5c1d2e50>", "<object object at 0x7f1111222233>"),
    "function": ("<function f at 0x7f3a5c1d2e50>", "<function f at 0x7f1111222233>"),
    "temporary folder": ("/tmp/tmpab12cd_x/out", "/tmp/tmpqq12cd_y/out"),
    "pid": ("pid 4711", "pid 99"),
    "trailing blanks": ("a  \nb", "a\nb"),
    "colours": ("\x1b[32mok\x1b[0m", "ok"),
    "thread": ("<Thread(w, started 140123456)>", "<Thread(w, started 140999999)>"),
}
TEXT_DIFFERS = {
    "accuracy": ("0.82", "0.83"),
    "accuracy, short": ("0.8", "0.82"),
    "count": ("1000000 rows", "1000001 rows"),
    "seventh digit of an integer": ("12345678", "12345679"),
    "one number of an array": ("[0.1 0.2 0.3]", "[0.1 0.2 0.4]"),
    "nan": ("[0.1 0.2]", "[0.1 nan]"),
    "sign": ("0.5", "-0.5"),
    "sign of infinity": ("inf", "-inf"),
    "date": ("2024-01-02", "2024-01-03"),
    "time of day": ("10:20:30.123456", "10:20:31.123456"),
    "time stamp": ("1704067200.12", "1704069000.57"),
    "version": ("torch 2.13.0", "torch 2.13.1"),
    "address of a host": ("10.0.0.1", "10.0.0.2"),
    "uuid": ("123e4567-e89b-12d3-a456-426614174000", "123e4567-e89b-12d3-a456-426614174009"),
    "hash": ("9e107d9d372bb6826bd81d3542a419d6", "9e107d9d372bb6826bd81d3542a419d7"),
    "set order": ("{'a', 'b'}", "{'b', 'a'}"),
    "more rows": ("a\nb", "a\nb\nc"),
    "word": ("converged", "diverged"),
    "shape": ("(3, 4)", "(4, 3)"),
    "type": ("float32", "float64"),
    "indentation": ("if x:\n    y", "if x:\n  y"),
    "hexadecimal number": ("0x1f", "0x2f"),
    "a length of time that is a result": ("falls in 1.43 s", "falls in 2.01 s"),
    "tensor, four decimals": ("tensor([0.1234])", "tensor([0.1239])"),
}
TIMEIT = "{} ms ± {} µs per loop (mean ± std. dev. of 7 runs, {} loops each)"


def stream_pairs() -> list[Pair]:
    """Streams, errors, and how outputs are paired."""
    note, oops = stream("note\n"), stream("oops\n", name="stderr")
    shown = [result("text/plain", letter)[0] for letter in "abc"]
    return [
        Pair("stream in chunks", True, stream("a\n", "b\n"), stream("a\nb\n")),
        Pair("interleaved streams", True, [*note, *oops, *note], [*note, *note, *oops]),
        Pair("progress bar", True, stream("10%\r100%\n"), stream("50%\r100%\n")),
        Pair(
            "tqdm",
            True,
            stream("5/5 [00:01<00:00, 4.9it/s]\n"),
            stream("5/5 [00:02<00:00, 2.1it/s]\n"),
        ),
        Pair(
            "tqdm that stopped early",
            False,
            stream("5/5 [00:01<00:00, 4.9it/s]"),
            stream("4/5 [00:01<00:00, 4.9it/s]"),
        ),
        Pair(
            "tqdm, other loss",
            False,
            stream("[00:01<00:00, 4it/s, loss=0.1]"),
            stream("[00:01<00:00, 4it/s, loss=0.2]"),
        ),
        Pair(
            "keras",
            True,
            stream("1/1 ━ 0s 2ms/step - loss: 0.5"),
            stream("1/1 ━ 1s 9ms/step - loss: 0.5"),
        ),
        Pair(
            "keras, other loss",
            False,
            stream("1/1 ━ 0s 2ms/step - loss: 0.5"),
            stream("1/1 ━ 0s 2ms/step - loss: 0.6"),
        ),
        Pair("backspaces", True, stream("1\b2\b3\n"), stream("3\n")),
        Pair(
            "timeit", True, stream(TIMEIT.format(1.2, 3, 100)), stream(TIMEIT.format(0.9, 41, 1000))
        ),
        Pair("time magic", True, stream("Wall time: 1.2 s\n"), stream("Wall time: 980 ms\n")),
        Pair("duration", True, stream("trained in 12.1 s\n"), stream("trained in 11.8 s\n")),
        Pair(
            "warning of a cell",
            True,
            stream("/tmp/ipykernel_1/23.py:1: W", name="stderr"),
            stream("/tmp/ipykernel_4/56.py:1: W", name="stderr"),
        ),
        Pair("new warning", False, [], oops),
        Pair("lost line", False, stream("a\nb\n"), stream("a\n")),
        Pair(
            "traceback",
            True,
            error("bad", "Cell In[1], line 1"),
            error("bad", "Cell In[7], line 1"),
        ),
        Pair("message", False, error("bad value 1"), error("bad value 2")),
        Pair("missing display", False, shown, shown[:2]),
        Pair("swapped displays", False, shown[:2], shown[1::-1]),
        Pair("updated display", True, shown[1:2], updated("a", "b")),
        Pair(
            "cleared output",
            True,
            shown[1:2],
            [shown[0], {"output_type": "clear_output", "wait": False}, shown[1]],
        ),
    ]


def updated(before: str, after: str) -> list[dict[str, Any]]:
    """A display that was updated."""
    first, second = result("text/plain", before)[0], result("text/plain", after)[0]
    transient = {"display_id": "x"}
    return [
        {**first, "transient": transient},
        {**second, "output_type": "update_display_data", "transient": transient},
    ]


def rich_pairs() -> list[Pair]:
    """HTML, JSON, SVG, pictures and widgets."""

    def both(name: str, agree: bool, mime: str, left: Any, right: Any) -> Pair:
        return Pair(name, agree, result(mime, left, "x"), result(mime, right, "x"))

    html, svg, png = "text/html", "image/svg+xml", "image/png"
    table = "<table><tr><th>{}</th></tr><tr><td>{}</td></tr></table>"
    styled = "<style>#T_{0}_row0 {{color: {1}}}</style><table id='T_{0}'><tr><td id='T_{0}_row0'>1</td></tr></table>"
    drawing = (
        "<svg><defs><clipPath id='p{0}'/></defs><path d='M {1} 2.5' clip-path='url(#p{0})'/></svg>"
    )
    figure = "application/vnd.plotly.v1+json"
    view = "application/vnd.jupyter.widget-view+json"
    return [
        both("cell of a table", False, html, table.format("a", 0.82), table.format("a", 0.83)),
        both(
            "cell of a table, noise",
            True,
            html,
            table.format("a", 0.3),
            table.format("a", 0.30000000000000004),
        ),
        both(
            "styled frame", True, html, styled.format("1a2b3", "red"), styled.format("4c5d6", "red")
        ),
        both(
            "styled frame, other colour",
            False,
            html,
            styled.format("1a2b3", "red"),
            styled.format("4c5d6", "blue"),
        ),
        both(
            "estimator",
            True,
            html,
            "<div id='sk-container-id-1'>SVC</div>",
            "<div id='sk-container-id-2'>SVC</div>",
        ),
        both(
            "estimator, other parameter", False, html, "<div>SVC(C=1)</div>", "<div>SVC(C=2)</div>"
        ),
        both("html, white space", True, html, "<b>a</b> <i>b</i>", "<b>a</b>\n  <i>b</i>"),
        both(
            "svg, ids",
            True,
            svg,
            drawing.format("0123456789", 1.5),
            drawing.format("abcdef0123", 1.5),
        ),
        both(
            "svg, path",
            False,
            svg,
            drawing.format("0123456789", 1.5),
            drawing.format("0123456789", 9.5),
        ),
        both(
            "figure, noise",
            True,
            figure,
            {"data": [{"y": [0.3]}]},
            {"data": [{"y": [0.30000000000000004]}]},
        ),
        both("figure, data", False, figure, {"data": [{"y": [0.3]}]}, {"data": [{"y": [0.4]}]}),
        both("figure, order of keys", True, figure, {"a": 1, "b": 2}, {"b": 2, "a": 1}),
        both("picture, compression", True, png, picture((3, 4)), picture((3, 4), level=0)),
        both("picture, invisible", True, png, picture((3, 4), shade=9), picture((3, 4), shade=10)),
        both("picture, moved point", False, png, picture((3, 4)), picture((9, 4))),
        both("picture, one more point", False, png, picture((3, 4)), picture((3, 4), (5, 5))),
        both("picture, size", False, png, picture((3, 4)), picture((3, 4), width=65)),
        both("widget", True, view, {"model_id": "a"}, {"model_id": "b"}),
        Pair("lost picture", False, result(png, picture((3, 4)), "x"), result("text/plain", "x")),
        both("latex", False, "text/latex", "$x^2$", "$x^3$"),
    ]


def pairs() -> list[Pair]:
    """Every labelled pair."""
    texts = [
        Pair(name, agree, result("text/plain", left), result("text/plain", right))
        for agree, table in ((True, TEXT_AGREES), (False, TEXT_DIFFERS))
        for name, (left, right) in table.items()
    ]
    return [*texts, *stream_pairs(), *rich_pairs()]


SANITIZERS = {
    r"0x[0-9a-fA-F]+": "ADDRESS",
    r"\d{4}-\d{2}-\d{2}": "DATE",
    r"\d{1,2}:\d{2}:\d{2}": "TIME",
    r"/tmp/\S+": "PATH",
}


def nbval_agrees(patterns: dict[str, str]) -> Callable[[Pair], bool]:
    """The comparison of nbval, as its plug-in calls it once a cell ran."""
    skipped = (
        "metadata",
        "traceback",
        "prompt_number",
        "output_type",
        "name",
        "execution_count",
        "application/vnd.jupyter.widget-view+json",
        "image/png",
        "image/jpeg",
    )
    item = SimpleNamespace(
        parent=SimpleNamespace(skip_compare=skipped, sanitize_patterns=patterns),
        colors=plugin.nocolors,
        format_output_compare=lambda *_: None,
    )
    item.sanitize = lambda text: plugin.IPyNbCell.sanitize(item, text)

    def agrees(pair: Pair) -> bool:
        sides = [
            plugin.coalesce_streams([nbformat.from_dict(o) for o in side])
            for side in (pair.actual, pair.expected)
        ]
        return bool(plugin.IPyNbCell.compare_outputs(item, *sides))

    return agrees


def ours_agrees(pair: Pair) -> bool:
    """The comparison of repro_nb with its defaults."""
    return compare_outputs(pair.expected, pair.actual).agrees


def measure(judge: Callable[[Pair], bool], labelled: Sequence[Pair]) -> dict[str, Any]:
    """Accuracy of one judge, and its time for a pair in microseconds: the best of some rounds over all of them."""
    alarms, misses, best = [], [], float("inf")
    for pair in labelled:
        if judge(pair) != pair.agree:
            (alarms if pair.agree else misses).append(pair.name)
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for pair in labelled:
            judge(pair)
        best = min(best, time.perf_counter() - start)
    right = len(labelled) - len(alarms) - len(misses)
    return {
        "right": right,
        "pairs": len(labelled),
        "accuracy": right / len(labelled),
        "false_alarms": alarms,
        "missed_differences": misses,
        "microseconds_per_pair": best / len(labelled) * 1e6,
    }


def large_text_seconds() -> float:
    """Time to compare two texts of 20 MB of which one number in the middle differs."""
    lines = [f"{n} {n / 7:.6f}" for n in range(1_200_000)]
    left = "\n".join(lines)
    lines[600_000] = "600000 85714.3"
    start = time.perf_counter()
    compare_outputs(result("text/plain", left), result("text/plain", "\n".join(lines)))
    return time.perf_counter() - start


def main() -> None:
    """Measure, print and write."""
    labelled = pairs()
    judges = {
        "repro_nb": ours_agrees,
        "nbval": nbval_agrees({}),
        "nbval, sanitizing": nbval_agrees(SANITIZERS),
    }
    results = {name: measure(judge, labelled) for name, judge in judges.items()}
    print(f"{'':20}{'right':>10}{'false alarms':>14}{'missed':>8}{'µs a pair':>11}")
    for name, row in results.items():
        counts = (
            f"{row['right']}/{row['pairs']}",
            len(row["false_alarms"]),
            len(row["missed_differences"]),
        )
        print(
            f"{name:20}{counts[0]:>10}{counts[1]:>14}{counts[2]:>8}{row['microseconds_per_pair']:>11.0f}"
        )
    seconds = large_text_seconds()
    print(f"20 MB of text, one number differs: {seconds:.2f} s")
    RESULTS.parent.mkdir(exist_ok=True)
    report = {
        "schema": "repro_nb/benchmark-compare/1",
        "judges": results,
        "large_text_seconds": seconds,
    }
    RESULTS.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
