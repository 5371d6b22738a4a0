"""The report as one HTML page."""

import re
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from repro_nb.pages.elements import el, picture, text
from repro_nb.rerun.report import html, html_fragment

VOID = {"meta", "img"}


class Page(HTMLParser):
    """Collects tags and attributes, and checks that elements are properly nested."""

    def __init__(self, source):
        super().__init__()
        self.open, self.tags, self.attributes, self.text = [], [], [], ""
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        """Opens an element."""
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        """Closes the innermost one."""
        assert self.open.pop() == tag

    def handle_data(self, data):
        """Collects text."""
        self.text += data


def test_the_page_is_well_formed_and_complete(every_kind):
    """Every element is closed; every notebook has its heading; tables name their columns."""
    page = Page(html(every_kind))
    assert page.tags.count("article") == 4
    assert page.tags.count("h1") == 1
    assert ("scope", "col") in page.attributes
    assert "level 1 (runs): 3 of 4 outputs compared, 1 to the bit" in page.text


def test_the_page_needs_nothing_from_outside(every_kind, hostile):
    """No script, no handler, no style attribute, no address but of pictures inside the page and of its own parts."""
    page = Page(html([*every_kind, hostile]))
    assert "script" not in page.tags
    assert not [name for name, _ in page.attributes if name.startswith("on") or name == "style"]
    addresses = [value for name, value in page.attributes if name in ("href", "src")]
    assert all(
        re.match(r"#notebook-\d+$|data:image/png;base64,[A-Za-z0-9+/=]+$", a) for a in addresses
    )


def test_pictures_stand_side_by_side(unseeded):
    """Expected, actual, and where they differ."""
    page = Page(html([unseeded]))
    assert page.tags.count("img") == 3
    assert "where they differ" in page.text


def test_hostile_text_is_shown_as_it_is(hostile):
    """Markup in a notebook's text is text in the report."""
    page = Page(html([hostile]))
    assert "<script>window.hacked = 1</script>" in page.text


def test_the_fragment_is_for_use_inside_a_notebook(unseeded, hostile):
    """Its rules reach nothing outside it, and it holds no script."""
    page = Page(html_fragment([unseeded, hostile]))
    assert {"html", "body", "script"}.isdisjoint(page.tags)
    style = re.search(r"<style>(.*?)</style>", html_fragment([unseeded]), re.DOTALL)[1]
    selectors = re.findall(r"(?:^|})\s*([^{}@]+?)\s*\{", re.sub(r"@media[^{]*\{", "", style))
    assert all(".repro-nb" in part for each in selectors for part in each.split(","))


@given(st.text())
def test_any_text_survives_being_written_and_parsed(value):
    """Escaping loses nothing and lets nothing through."""
    page = Page(el("p", {"title": value}, value))
    assert page.tags == ["p"]
    assert text(page.text) == text(value) or "\\x" in page.text


@given(st.text())
def test_only_base64_becomes_a_picture(data):
    """What is no base64 never reaches an attribute."""
    page = Page(picture(data, "a plot"))
    sources = [value for name, value in page.attributes if name == "src"]
    assert all(re.fullmatch(r"data:image/png;base64,[A-Za-z0-9+/=]*", source) for source in sources)


def test_remarks_are_seen_without_opening_more(unseeded):
    """They stand before the next step, outside of the folded runs and environment."""
    page = html([unseeded])
    assert page.index("<h3>Remarks</h3>") < page.index("python advanced between cells")
    assert page.index("python advanced between cells") < page.index("Runs and environment")
