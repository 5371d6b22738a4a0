"""The report as Markdown."""

import re
from dataclasses import replace

from repro_nb.rerun.report.markdown_text import escape, fenced, markdown


def test_the_report_shows_verdict_difference_and_next_step(unseeded):
    """What a reviewer wants to see in a pull request."""
    report = markdown([unseeded])
    assert "❌ **level 1 (runs): 3 of 4 outputs compared, 1 to the bit**" in report
    assert "```diff\n--- run A\n+++ run B" in report
    assert "- 1000    3.1480\n+ 1000    3.1280" in report
    assert "**Next:** Give `rng` a seed" in report


def test_a_summary_leads_the_report_on_many(every_kind):
    """One row a notebook."""
    report = markdown(every_kind)
    assert report.index("4 notebooks: 1 at or above the bar") < report.index("## notebooks")
    assert "| ✅ | notebooks/sound.ipynb | level 4 (matches) |" in report


def test_text_from_a_notebook_stays_text(hostile):
    """Outside of code blocks no tag, link or table edge is left unescaped."""
    report = markdown([hostile])
    prose = re.sub(r"^(`{3,}).*?^\1$", "", report, flags=re.DOTALL | re.MULTILINE)
    prose = re.sub(r"(?<!\\)`[^`\n]*`", "", prose)
    assert not re.search(r"(?<!\\)<", prose)
    assert not re.search(r"(?<!\\)\]\(", prose)


def test_a_code_block_cannot_be_closed_from_within():
    """The fence is longer than any in the text."""
    block = fenced("```\n````\nout")
    assert block.startswith("`````\n")
    assert block.endswith("\n`````")


def test_every_special_character_is_escaped():
    """Escaped text reads as itself."""
    assert escape("a_b*c\n<d>|e") == r"a\_b\*c \<d\>\|e"


def test_remarks_are_shown_whatever_the_level(sound, unseeded):
    """A warning about a notebook that passes is not lost among many."""
    report = markdown([replace(sound, findings=unseeded.findings), sound])
    assert "- warning: python advanced between cells" in report
