"""What changed between two checkpoints."""

import math

import numpy as np
import pytest
import torch

from repro_nb.checkpoints.diff import Change, diff_checkpoints
from repro_nb.checkpoints.report import diff_contract, diff_html, diff_markdown


@pytest.fixture
def compare(tmp_path):
    """The difference of two states."""

    def saved(left, right):
        torch.save(left, tmp_path / "a.pt")
        torch.save(right, tmp_path / "b.pt")
        return diff_checkpoints(tmp_path / "a.pt", tmp_path / "b.pt")

    return saved


def only(diff):
    """The one row's difference."""
    (row,) = diff.rows
    return row.difference


def test_every_kind_of_change_is_told_apart(compare):
    """Added, removed, reshaped, retyped, changed; what is the same is only counted."""
    left = {
        "same": torch.ones(2),
        "gone": torch.ones(1),
        "shape": torch.ones(4),
        "type": torch.ones(2),
        "n": 1,
        "k": 1,
    }
    right = {
        "same": torch.ones(2),
        "shape": torch.ones(2, 2),
        "type": torch.ones(2).half(),
        "n": 2,
        "k": 1.0,
        "new": torch.ones(1),
    }
    found = compare(left, right)
    assert {row.name: row.change for row in found.rows} == {
        "gone": Change.REMOVED,
        "shape": Change.RESHAPED,
        "type": Change.RETYPED,
        "n": Change.CHANGED,
        "k": Change.RETYPED,
        "new": Change.ADDED,
    }
    assert found.same == 1
    assert not found.agrees


def test_one_flipped_bit_is_found_to_the_element_and_the_bit(compare):
    """In the last of a million numbers."""
    left, right = torch.ones(1000, 1000), torch.ones(1000, 1000)
    right.view(torch.int32)[999, 998] ^= 1 << 23
    found = only(compare({"w": left}, {"w": right}))
    assert (found.first_index, found.first_bit, found.changed) == ((999, 998), 23, 1)
    assert (found.max_abs, found.l2) == (0.5, 0.5)
    assert found.relative == pytest.approx(0.5 / 1000)
    assert found.share == 1e-6


@pytest.mark.parametrize(
    "dtype", ["float16", "bfloat16", "float8_e4m3fn", "float64", "complex64", "int8", "int64"]
)
def test_figures_are_those_of_numpy_in_every_type(compare, dtype):
    """Largest change, L2 and relative change."""
    kind = getattr(torch, dtype)
    left, right = torch.tensor([1.0, 2, 4, 0]).to(kind), torch.tensor([1.0, 3, 2, 0]).to(kind)
    found = only(compare({"w": left}, {"w": right}))
    assert (found.max_abs, found.changed, found.first_index) == (2, 2, (1,))
    assert found.l2 == pytest.approx(math.sqrt(5))
    assert found.relative == pytest.approx(math.sqrt(5 / 21))


def test_whole_numbers_of_64_bits_are_exact(compare):
    """No detour through floats."""
    left, right = torch.tensor([-(2**63)]), torch.tensor([2**63 - 1])
    assert only(compare({"n": left}, {"n": right})).max_abs == 2**64 - 1


def test_nan_is_compared_by_its_bits_and_counted(compare):
    """The same NaN is no change; a new one is told, and spoils no other figure."""
    left = torch.tensor([math.nan, 1.0, 1.0, math.inf])
    right = torch.tensor([math.nan, math.nan, 3.0, math.inf])
    found = only(compare({"w": left}, {"w": right}))
    assert (found.changed, found.not_finite, found.max_abs, found.l2) == (2, 1, 2, 2)


def test_where_nothing_is_finite_no_figure_is_made_up(compare):
    """None, and not zero."""
    found = only(compare({"w": torch.tensor([1.0])}, {"w": torch.tensor([math.nan])}))
    assert (found.max_abs, found.l2, found.relative, found.not_finite) == (None, None, None, 1)


def test_the_sign_of_zero_is_a_change_without_size(compare):
    """Bits differ, numbers do not."""
    found = only(compare({"w": torch.tensor([0.0, 1.0])}, {"w": torch.tensor([-0.0, 1.0])}))
    assert (found.changed, found.max_abs, found.first_bit) == (1, 0.0, 31)


def test_a_change_from_all_zeros_is_infinite(compare):
    """And JSON, which has no infinity, says so in words."""
    diff = compare({"w": torch.zeros(2)}, {"w": torch.ones(2)})
    assert only(diff).relative == math.inf
    assert diff_contract.diff_envelope(diff)["results"][0]["rows"][0]["relative"] == "infinity"


def test_formats_do_not_matter(tmp_path):
    """A checkpoint and its conversion are the same."""
    torch.save({"w": torch.arange(6.0).reshape(2, 3)}, tmp_path / "a.pt")
    np.savez_compressed(
        tmp_path / "b.npz", w=np.asfortranarray(np.arange(6.0, dtype="f4").reshape(2, 3))
    )
    assert diff_checkpoints(tmp_path / "a.pt", tmp_path / "b.npz").agrees


def test_text_in_a_checkpoint_is_compared_as_bytes(tmp_path):
    """No number is made of it."""
    np.savez(tmp_path / "a.npz", w=np.array(["ab", "cd"]))
    np.savez(tmp_path / "b.npz", w=np.array(["ab", "cx"]))
    found = only(diff_checkpoints(tmp_path / "a.npz", tmp_path / "b.npz"))
    assert (found.changed, found.first_index, found.max_abs) == (1, (1,), None)


def test_names_from_a_checkpoint_are_text_in_every_report(compare):
    """Neither HTML nor Markdown nor control characters take effect."""
    name = "<script>alert(1)</script>|`\x1b[31m"
    diff = compare({name: torch.ones(1)}, {name: torch.zeros(1), "v": "<b>"})
    page = diff_html.html(diff)
    assert "<script>" not in page
    assert "<b>" not in page
    assert "\x1b" not in page + diff_markdown.markdown(diff)
    assert "\\<script\\>" in diff_markdown.markdown(diff)
