"""What the build of the docs refuses, on small sites. The build itself runs it on every page."""

import importlib.util
from pathlib import Path

import pytest

WHOLE = (
    '<p id="here">A page. <a href="#here">a place</a> <a href="other.html#there">another</a></p>'
    r"<pre>print('$$', r'\frac')</pre><math><annotation>\frac{1}{2}</annotation></math>"
    '<div class="output stream highlight"><div class="highlight"><pre>one\ntwo\n</pre></div>\n</div>'
    '<div class="output text_plain"><div class="highlight"><pre>3</pre></div>\n</div>'
)


@pytest.fixture(scope="module")
def faults_of():
    place = Path(__file__).parents[2] / "docs" / "site_faults.py"
    spec = importlib.util.spec_from_file_location("site_faults", place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.faults_of


@pytest.mark.parametrize(
    ("added", "words"),
    [
        ("", None),
        ('<a href="nowhere.html">x</a>', "links to what is not there: nowhere.html"),
        ('<a href="other.html#gone">x</a>', "links to what is not there: other.html#gone"),
        ('<img src="https://example.org/x.png">', "needs the network: https://example.org/x.png"),
        (r"<p>the loss \frac{p}{3}</p>", r"shows the source of a formula: \frac"),
        (r"<p>the loss \(p\)</p>", r"shows the source of a formula: \("),
        (
            '<div class="output stream highlight"><div class="highlight"><pre>one\n</pre></div>\n</div>\n' * 2,
            "cuts what one cell prints into several blocks",
        ),
    ],
)
def test_each_fault_of_a_page_is_named(faults_of, tmp_path, added, words):
    (tmp_path / "page.html").write_text(WHOLE + added, encoding="utf-8")
    (tmp_path / "other.html").write_text('<p id="there">Another page.</p>', encoding="utf-8")
    assert list(faults_of(tmp_path)) == ([] if words is None else [f"page.html {words}"])
