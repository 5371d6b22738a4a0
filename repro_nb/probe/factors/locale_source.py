"""A small locale, as ``localedef`` takes it: decimal commas, and other names of days and months.

It needs none of the system's own definitions, which a bare machine lacks.
"""

from __future__ import annotations

__all__ = ["CHARMAP", "SOURCE"]

CHARMAP = "\n".join(
    (
        "<code_set_name> UTF-8",
        "<mb_cur_max> 1",
        "<comment_char> %",
        "<escape_char> /",
        "CHARMAP",
        *(f"<U{code:04X}> /x{code:02x} {code}" for code in range(128)),
        "END CHARMAP",
        "",
    )
)
"""The characters of the definition: those of ASCII, which UTF-8 begins with."""

_DAYS = ["sonntag", "montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag"]
_MONTHS = [
    "januar",
    "februar",
    "maerz",
    "april",
    "mai",
    "juni",
    "juli",
    "august",
    "september",
    "oktober",
    "november",
    "dezember",
]


def _quoted(names: list[str]) -> str:
    return ";".join(f'"{name}"' for name in names)


SOURCE = f"""\
comment_char %
escape_char /
LC_NUMERIC
decimal_point ","
thousands_sep "."
grouping 3;3
END LC_NUMERIC
LC_TIME
abday {_quoted([name[:2] for name in _DAYS])}
day {_quoted(_DAYS)}
abmon {_quoted([name[:3] for name in _MONTHS])}
mon {_quoted(_MONTHS)}
am_pm "";""
d_t_fmt "%a %d %b %Y %T"
d_fmt "%d.%m.%Y"
t_fmt "%T"
t_fmt_ampm ""
END LC_TIME
"""
"""The definition. Its two categories are the ones that are used."""
