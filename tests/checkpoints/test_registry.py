"""The registry's file: appended to, never rewritten, and checking itself."""

import json
import os
import subprocess
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro_nb.checkpoints.provenance import Provenance
from repro_nb.checkpoints.registered_parts import (
    RegisteredContent,
    RegisteredFile,
    RegisteredTensor,
)
from repro_nb.checkpoints.registration import Event, Parent, Registration
from repro_nb.checkpoints.registry import Registry
from repro_nb.checkpoints.registry_lines import DamagedLine, line_of, read_line
from repro_nb.checkpoints.verdicts import ByteRange
from repro_nb.errors import RegistryError


def registration(name="model.pth", digest="ab" * 32, **facts):
    """A registration as one is made, at a time that says little."""
    defaults = {"time": "2026-01-01T00:00:00.000000Z", "kind": "file", "algorithm": "sha256"}
    return Registration(
        checkpoint=name, event=Event.REGISTERED, digest=digest, **{**defaults, **facts}
    )


@pytest.fixture
def registry(tmp_path):
    """An empty registry."""
    return Registry(tmp_path)


def test_a_folder_without_a_registry_has_no_history(registry):
    """And reading it makes none."""
    assert registry.read().names() == ()
    assert not registry.path.exists()


def test_what_was_appended_is_read_again(registry):
    """Every fact, digests of shards and places of tensors among them."""
    full = registration(
        size=12,
        modified=1.5,
        identity="ef" * 16,
        files=(RegisteredFile(name="", size=12, digest="ab" * 32, shards=("12" * 8, "34" * 8)),),
        content=RegisteredContent(
            digest="cd" * 32,
            tensors=(
                RegisteredTensor(
                    name="w",
                    kind="tensor",
                    dtype="F32",
                    shape=(2, 3),
                    digest="01" * 16,
                    range=ByteRange(start=8, stop=12),
                ),
                RegisteredTensor(name="epoch", kind="int", digest="02" * 16),
            ),
        ),
        architecture="aa" * 32,
        metadata={"epoch": 3, "nested": {"a": [1, None]}},
        note="naïve — “quoted”\n",
        parent=Parent(checkpoint="old.pth", digest="bb" * 32),
        provenance=Provenance(notebook="a.ipynb", order=0, seed=0, fingerprints={"numpy": "ff"}),
        source="older",
    )
    registry.append(full)
    (read,) = registry.read().registrations
    assert replace(read, line="", number=0) == full
    assert read.number == 1


def test_a_registration_again_is_a_new_line(registry):
    """The old line stays as it was, byte for byte, and in the history."""
    registry.append(registration(digest="aa" * 32))
    before = registry.path.read_bytes()
    registry.append(registration(digest="bb" * 32))
    history = registry.read()
    assert registry.path.read_bytes().startswith(before)
    assert [each.digest[:2] for each in history.of("model.pth")] == ["aa", "bb"]
    assert history.current("model.pth").digest == "bb" * 32


def test_a_clock_that_was_put_back_changes_nothing(registry):
    """The later line holds, whatever its time says."""
    registry.append(registration(digest="aa" * 32, time="2030-01-01T00:00:00.000000Z"))
    registry.append(registration(digest="bb" * 32, time="2020-01-01T00:00:00.000000Z"))
    assert registry.read().current("model.pth").digest == "bb" * 32


def test_a_removed_checkpoint_is_not_registered_and_keeps_its_history(registry):
    """It can be registered again."""
    registry.append(registration())
    registry.append(replace(registration(), event=Event.REMOVED))
    assert registry.read().names() == ()
    assert len(registry.read().of("model.pth")) == 2
    registry.append(registration())
    assert registry.read().names() == ("model.pth",)


@given(st.data())
def test_any_change_to_a_line_is_seen(data):
    """Whichever byte is changed, the line is damaged and keeps its number; it is never taken for another one."""
    line = line_of(registration(note="a note", metadata={"a": 1}))
    at = data.draw(st.integers(0, len(line) - 1))
    value = data.draw(st.integers(0, 255).filter(lambda byte: byte != line[at]))
    found = read_line(7, line[:at] + bytes([value]) + line[at + 1 :], complete=True)
    assert isinstance(found, DamagedLine)
    assert found.number == 7


@given(st.integers(0, 200))
def test_a_line_that_was_torn_off_is_told_as_such(length):
    """With the name it begins with, once that can be read."""
    line = line_of(registration())
    found = read_line(1, line[: min(length, len(line) - 1)], complete=False)
    assert isinstance(found, DamagedLine)
    assert found.reason == "it was torn off"
    assert found.checkpoint in ("", "model.pth")


@given(st.binary(max_size=300))
def test_no_bytes_make_reading_fail(content):
    """Garbage is damaged lines, whatever it is."""
    for number, line in enumerate(content.split(b"\n"), 1):
        assert isinstance(read_line(number, line, complete=True), DamagedLine)


@pytest.mark.parametrize(
    "facts",
    [
        {"checkpoint": "../outside.pth"},
        {"checkpoint": "/etc/passwd"},
        {"checkpoint": "C:\\x.pth"},
        {"checkpoint": 3},
        {"event": "forgotten"},
        {"size": -1},
        {"files": [["", 1]]},
        {"files": 7},
        {"files": [["../../etc/passwd", 1, "ab", ""]]},
        {"digest": "naïve"},
        {"modified": 10**400},
        {"content": [1]},
        {"metadata": []},
        {"provenance": {"seed": "x"}},
        {"schema": "repro_nb/registration/99"},
        {"schema": "something/1"},
    ],
)
def test_a_sealed_line_that_holds_nonsense_is_damaged(facts):
    """Who can write a digest can write anything: names that lead out, wrong types, other versions."""

    class Sealed(Registration):
        def to_json(self):
            return {**super().to_json(), **facts}

    line = line_of(Sealed(**vars(registration())))
    assert isinstance(read_line(1, line, complete=True), DamagedLine)


def test_a_bomb_of_brackets_is_a_damaged_line(registry):
    """Nested a hundred thousand deep, with a digest that is right."""
    import hashlib

    content = b'{"checkpoint":' + b"[" * 100_000
    digest = hashlib.blake2b(content + b"}", digest_size=16).hexdigest().encode()
    registry.path.write_bytes(content + b',"line":"%b"}\n' % digest)
    (damaged,) = registry.read().damaged
    assert "cannot be understood" in damaged.reason


def test_a_torn_last_line_is_kept_and_the_next_one_is_whole(registry):
    """What a killed process left is told with its number; all is well once that one is registered again."""
    registry.append(registration("first.pth"))
    torn = line_of(registration("second.pth"))[:150]
    with registry.path.open("ab") as file:
        file.write(torn)
    (damaged,) = registry.read().doubtful()
    assert (damaged.number, damaged.checkpoint) == (2, "second.pth")
    registry.append(registration("third.pth"))
    assert registry.read().names() == ("first.pth", "third.pth")
    assert torn + b"\n" in registry.path.read_bytes()
    assert [line.number for line in registry.read().doubtful()] == [2]
    registry.append(registration("second.pth"))
    assert registry.read().doubtful() == ()
    assert len(registry.read().damaged) == 1


def test_damage_brings_an_older_registration_back_and_is_told(registry):
    """The registry never becomes empty: what can be read holds, and what cannot is in doubt."""
    registry.append(registration(digest="aa" * 32))
    registry.append(registration(digest="bb" * 32))
    lines = registry.path.read_bytes().replace(b"bb" * 32, b"cc" * 32)
    registry.path.write_bytes(lines)
    history = registry.read()
    assert history.current("model.pth").digest == "aa" * 32
    assert [line.number for line in history.doubtful()] == [2]


def test_line_ends_of_another_system_change_nothing(registry):
    """Git may write CRLF."""
    registry.append(registration())
    registry.path.write_bytes(registry.path.read_bytes().replace(b"\n", b"\r\n"))
    registry.append(registration(digest="bb" * 32))
    assert registry.read().current("model.pth").digest == "bb" * 32
    assert registry.read().damaged == ()


def git(folder, *words):
    """Run git, as nobody in particular."""
    who = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, "-C", folder, *words], check=True, capture_output=True)


@pytest.mark.parametrize("attribute", [True, False])
def test_two_branches_merge_by_union(tmp_path, registry, attribute):
    """With git's union driver, and also where conflict markers are left in the file."""
    git(tmp_path, "init", "-q", "-b", "main")
    if attribute:
        (tmp_path / ".gitattributes").write_text("checkpoints.repro.jsonl merge=union\n")
    registry.append(registration("base.pth"))
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "base")
    git(tmp_path, "checkout", "-q", "-b", "other")
    registry.append(registration("base.pth", digest="11" * 32, time="2026-03-01T00:00:00.000000Z"))
    registry.append(registration("other.pth"))
    git(tmp_path, "commit", "-q", "-am", "other")
    git(tmp_path, "checkout", "-q", "main")
    registry.append(registration("base.pth", digest="22" * 32, time="2026-02-01T00:00:00.000000Z"))
    git(tmp_path, "commit", "-q", "-am", "main")
    merged = subprocess.run(
        ["git", "-C", tmp_path, "merge", "-q", "--no-commit", "other"],
        capture_output=True,
        check=False,
    )
    assert (merged.returncode == 0) is attribute
    history = registry.read()
    assert set(history.names()) == {"base.pth", "other.pth"}
    assert history.doubtful() == ()
    assert {head.digest[:2] for head in history.heads("base.pth")} == {"11", "22"}
    assert history.current("base.pth").digest == "11" * 32
    registry.append(registration("base.pth", digest="33" * 32, time="2025-01-01T00:00:00.000000Z"))
    assert registry.read().current("base.pth").digest == "33" * 32
    assert len(registry.read().heads("base.pth")) == 1


def test_a_line_that_a_merge_brought_twice_counts_once(registry):
    """Its history is not doubled."""
    registry.append(registration())
    registry.path.write_bytes(registry.path.read_bytes() * 2)
    assert len(registry.read().registrations) == 1


def test_each_line_is_json_by_itself(registry):
    """Any tool can read it; the checkpoint's name comes first, the line's own digest last."""
    registry.append(registration(note="\u2028 \ud800"))
    (line,) = registry.path.read_text("ascii").splitlines()
    assert next(iter(json.loads(line))) == "checkpoint"
    assert list(json.loads(line))[-1] == "line"


@pytest.mark.parametrize("kind", ["folder", "fifo"])
def test_what_is_no_file_is_no_registry(registry, kind):
    """It is refused with a sentence, and nothing waits for the other end of a pipe."""
    registry.path.mkdir() if kind == "folder" else os.mkfifo(registry.path)
    with pytest.raises(RegistryError, match=r"cannot be (read|written)"):
        registry.append(registration())
    with pytest.raises(RegistryError, match="cannot be read"):
        registry.read()
