"""A small library with a global stream: Lehmer's generator."""

_MODULUS = 2**31 - 1
_state = [20_011]


def seed(value: int) -> None:
    """Set the stream."""
    _state[0] = value % _MODULUS or 1


def draw() -> float:
    """The next number, between 0 and 1."""
    _state[0] = _state[0] * 48_271 % _MODULUS
    return _state[0] / _MODULUS
