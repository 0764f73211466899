"""Measure, draw, and write the page: python -m benchmarks.atlas FOLDER ... [--only CHAPTER ...]."""

import argparse
import json
import sys
from pathlib import Path

from benchmarks.atlas.chapters import CHAPTERS, FIGURES, measure
from benchmarks.atlas.page import page
from benchmarks.atlas.sources import PACKAGES, found

DOCS = Path(__file__).parents[2] / "docs"


def main(arguments=None, docs=DOCS):
    parser = argparse.ArgumentParser(prog="python -m benchmarks.atlas", description=__doc__)
    parser.add_argument("folders", nargs="*", help="folders that the packages were installed in with --target")
    parser.add_argument("--only", nargs="*", choices=CHAPTERS, help="measure these chapters; the others stay")
    options = parser.parse_args(arguments)
    chosen = list(CHAPTERS) if options.only is None else options.only
    data = docs / "atlas.json"
    numbers = json.loads(data.read_text(encoding="utf-8")) if data.is_file() else {}
    sources = found(options.folders) if chosen else {}
    missing = [package for name, (package, *_) in PACKAGES.items() if chosen and name not in sources]
    if missing:
        sys.exit(f"Not found: {', '.join(missing)}. Run: pip install --no-deps --target FOLDER {missing[0]}")
    for name in chosen:
        numbers[name] = measure(name, sources)
        data.write_text(written(numbers), encoding="utf-8")
        if name in FIGURES:
            FIGURES[name](sources, numbers[name], docs / f"atlas_{name}.png")
    (docs / "atlas.md").write_text(page(numbers), encoding="utf-8")


def written(numbers):
    """Return the numbers as text: chapters in their order, an entry of each per line."""
    parts = []
    for name in (name for name in CHAPTERS if name in numbers):
        value = numbers[name]
        if isinstance(value, list):
            lines = ",\n".join("  " + one_line(entry) for entry in value)
            parts.append(f"{json.dumps(name)}: [\n{lines}\n ]")
        else:
            lines = ",\n".join(f"  {json.dumps(key)}: {one_line(entry)}" for key, entry in value.items())
            parts.append(f"{json.dumps(name)}: {{\n{lines}\n }}")
    return "{\n " + ",\n ".join(parts) + "\n}\n"


def one_line(value):
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    main()
