"""The report as Markdown."""

import re
from dataclasses import replace

from repro_nb.pages.markdown import escape, fenced
from repro_nb.rerun.report.markdown_text import markdown


def test_the_report_shows_verdict_difference_and_next_step(unseeded):
    """What a reviewer wants to see in a pull request."""
    report = markdown([unseeded])
    assert "❌ **level 1 (runs): 3 of 4 outputs compared, 1 to the bit**" in report
    assert "```diff\n--- run A\n+++ run B" in report
    assert "- 1000    3.1480\n+ 1000    3.1280" in report
    assert "**Next:** Run `repro-nb explain notebooks/study.ipynb`" in report


def test_causes_lead_the_report_on_a_notebook(explained):
    """Each with its line of code, what was seen, who inherits it, and what to do."""
    report = markdown([explained])
    assert "### Why not level 2 (repeats)" in report
    assert "**Cell 3 differs because line 1 of cell 2 makes a generator without a seed**" in report
    assert "```python\n# cell 2, line 1\nrng = np.random.default_rng()\n```" in report
    assert "with fixed ones it does not. Cells 4, 5 and 6 inherit it." in report
    assert "**Fix:** Give `rng` a seed: `np.random.default_rng(42)`." in report
    assert "Held back by" not in report


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
