"""Which JAX keys a cell is seen to consume."""

import pickle
from collections.abc import Iterator

import jax
import pytest

from repro_nb.probe.jax_keys import KeyWatch


def _fail(fault: Exception) -> None:
    raise fault


@pytest.fixture
def uses() -> Iterator[list[tuple[str, str]]]:
    """What a watch tells while the test runs."""
    seen: list[tuple[str, str]] = []
    watch = KeyWatch(lambda function, key: seen.append((function, key)), _fail)
    assert watch.install()
    yield seen
    watch.uninstall()


def test_each_public_function_is_told_once_with_its_key(uses: list[tuple[str, str]]) -> None:
    key = jax.random.key(1)
    jax.random.normal(key)
    jax.random.split(key)
    jax.random.fold_in(key, 3)
    jax.random.choice(key, 5)
    jax.random.permutation(key, 4)
    assert [name for name, _ in uses] == ["normal", "split", "fold_in", "choice", "permutation"]
    assert len({fingerprint for _, fingerprint in uses}) == 1


def test_keys_are_told_apart_and_legacy_ones_are_seen(uses: list[tuple[str, str]]) -> None:
    for key in (
        jax.random.key(1),
        jax.random.key(2),
        jax.random.PRNGKey(1),
        jax.random.key(1, impl="rbg"),
    ):
        jax.random.bits(key)
    assert len({fingerprint for _, fingerprint in uses}) == 4


def test_looking_at_a_key_consumes_nothing(uses: list[tuple[str, str]]) -> None:
    jax.random.key_data(jax.random.key(1))
    jax.random.key_impl(jax.random.key(1))
    assert uses == []


def test_jit_hides_the_draws_inside_it(uses: list[tuple[str, str]]) -> None:
    draw = jax.jit(jax.random.normal)
    draw(jax.random.key(1))
    draw(jax.random.key(2))
    jax.vmap(jax.random.normal)(jax.random.split(jax.random.key(1)))
    assert [name for name, _ in uses] == ["split"]


def test_the_public_functions_stay_what_they_are(uses: list[tuple[str, str]]) -> None:
    assert pickle.loads(pickle.dumps(jax.random.normal)) is jax.random.normal
    assert uses == []


def test_the_numbers_are_the_same_and_the_key_is_left_as_it_was(
    uses: list[tuple[str, str]],
) -> None:
    key = jax.random.PRNGKey(3)
    watched = float(jax.random.normal(key))
    assert key._npy_value is None
    assert watched == pytest.approx(float(jax.random.normal(jax.random.key(3))), abs=0)
    assert len(uses) == 2


def test_uninstalling_puts_back_what_was_there() -> None:
    home = jax.random.normal.__globals__
    before = dict(home)
    watch = KeyWatch(lambda *_: None, _fail)
    watch.install()
    watch.install()
    watch.uninstall()
    assert home == before


def test_a_version_that_checks_keys_otherwise_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("repro_nb.probe.jax_keys._CHECK", "_another_name")
    assert not KeyWatch(lambda *_: None, _fail).install()


def test_a_fault_of_the_watch_does_not_fail_the_call_of_the_user() -> None:
    def broken(*_: object) -> None:
        raise OSError("no")

    faults: list[Exception] = []
    watch = KeyWatch(broken, faults.append)
    assert watch.install()
    try:
        assert jax.random.normal(jax.random.key(1)).shape == ()
    finally:
        watch.uninstall()
    assert [str(fault) for fault in faults] == ["no"]
