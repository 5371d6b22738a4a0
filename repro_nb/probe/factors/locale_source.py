"""A small locale, as ``localedef`` takes it: decimal commas, other names of days and months, capitals among the rest.

It needs none of the system's own definitions, which a bare machine lacks.
"""

from __future__ import annotations

from string import ascii_letters, ascii_lowercase

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


# As languages sort and C does not: each capital beside its small letter.
_ORDER = [
    *(chr(code) for code in range(128) if chr(code) not in ascii_letters),
    *(letter for small in ascii_lowercase for letter in (small, small.upper())),
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
LC_COLLATE
order_start forward
{"".join(f"<U{ord(each):04X}>{chr(10)}" for each in _ORDER)}UNDEFINED
order_end
END LC_COLLATE
"""
"""The definition. Its three categories are the ones that are used."""
