"""What may not be on a page of the site: dead links, the network, raw formulas, and output cut into pieces."""

import re
from urllib.parse import unquote

# Elements whose text is not prose: code may hold dollars and backslashes, and formulas keep their source as a note.
_NOT_PROSE = re.compile(r"<(script|style|pre|code|math|svg|title)\b.*?</\1>", re.DOTALL)
_RAW_FORMULA = re.compile(r"\\[(\[]|\$\$|\\[a-zA-Z]{2,}")
# Blocks of printed lines, one right after the other: what one loop prints must be one block.
_CUT_OUTPUT = re.compile(r'<div class="output stream[^>]*>(?:(?!<div class="output).)*?</pre>\s*</div>\s*</div>\s*'
                         r'<div class="output stream', re.DOTALL)  # fmt: skip


def faults_of(site):
    """Yield what is wrong with the pages of a folder, a line each."""
    texts = {path.resolve(): path.read_text(encoding="utf-8") for path in site.rglob("*.html")}
    places = {path: set(re.findall(r'\bid="([^"]+)"', text)) for path, text in texts.items()}
    for page, text in texts.items():
        for source in re.findall(r'<(?:script|link|img|iframe)\b[^>]*?(?:src|href)="(https?:[^"]+)"', text):
            yield f"{page.name} needs the network: {source}"
        for link in re.findall(r'<a\b[^>]*?href="(?![a-z]+:)([^"]*)"', text):
            file, _, place = unquote(link).partition("#")
            other = (page.parent / file).resolve() if file else page
            if not other.exists() or (place and other in places and place not in places[other]):
                yield f"{page.name} links to what is not there: {link}"
        for found in _RAW_FORMULA.finditer(_NOT_PROSE.sub("", text)):
            yield f"{page.name} shows the source of a formula: {found.group()}"
        if _CUT_OUTPUT.search(text):
            yield f"{page.name} cuts what one cell prints into several blocks"
