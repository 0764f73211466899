"""Write the tables of docs/open_problems.md from the reports of experiments, and from the atlas of real weights.

python -m benchmarks.open_problems

`docs/open_problems.toml` says which experiment and which tool answers what. Verdicts, quotations and numbers come from
the reports in docs/experiments, or from docs/atlas.json. A table stands in the page between two comments with its name.
"""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from geomsup.experiments.registry import experiment
from geomsup.experiments.summary import cell, place, sentences

DOCS = Path(__file__).parents[1] / "docs"
PAGE, ANSWERS = DOCS / "open_problems.md", DOCS / "open_problems.toml"
FOLDER = "experiments"
ATLAS = "atlas"  # stands for an experiment where a number is of real weights
LIST = ("toys", "bottlenecks", "neurons", "activations", "removal")  # the tables of 4.1 to 4.45
HEAD = "| | question | answer | by |\n|---|---|---|---|\n"
NUMBER = re.compile(r"\[\[(\w+): (.+?) \| (.+?)\]\]")


def answers() -> dict[str, Any]:
    """Return the rows of each table, by its name, and the pages of tools."""
    return tomllib.loads(ANSWERS.read_text(encoding="utf-8"))


def verdict(id: str) -> dict[str, Any]:
    path = DOCS / FOLDER / id / "report.json"
    return json.loads(path.read_text(encoding="utf-8"))["verdict"]


def measured(path: str) -> float:
    """Return a number of the atlas, by the keys and places that lead to it."""
    value = json.loads((DOCS / f"{ATLAS}.json").read_text(encoding="utf-8"))
    for key in path.split("."):
        value = value[int(key) if isinstance(value, list) else key]
    return value


def filled(text: str) -> str:
    """Return a text with the numbers of reports and of the atlas in it."""

    def number(found: re.Match[str]) -> str:
        id, name, form = found.groups()
        value = measured(name) if id == ATLAS else verdict(id)["numbers"][name]
        return f"{value:{'.0%' if form == '%' else form}}".replace("%", " %")

    return NUMBER.sub(number, text)


def answer(row: dict[str, Any]) -> str:
    """Return what a row says in our words, and then what the verdict of its first experiment says."""
    said = [filled(row["says"])] if "says" in row else []
    if "experiments" in row:
        first = verdict(row["experiments"][0])
        if said and first["status"] != row["when"]:
            raise ValueError(
                f"row {row['id']} was written for the verdict {row['when']!r} of {row['experiments'][0]}; it is now "
                f"{first['status']!r}. Read its `says` again, and correct `when`."
            )
        quoted = sentences(first["summary"])
        said += [quoted[number - 1] for number in row.get("quote", [1])]
    return " ".join(said)


def sources(row: dict[str, Any], pages: dict[str, str]) -> str:
    """Return links to the experiments, with their verdicts, to the tools, and to sections of the atlas."""
    cited, tools = row.get("experiments", ()), row.get("tools", ())
    verdicts = [f"[{id}]({FOLDER}/{place(experiment(id))}): {verdict(id)['status']}" for id in cited]
    links = [f"[`{name}`]({pages[name]})" for name in tools]
    links += [f"[atlas]({ATLAS}.md#{section})" for section in row.get("atlas", ())]
    return "<br>".join(verdicts + links)


def table(rows: list[dict[str, Any]], pages: dict[str, str]) -> str:
    cells = ((row["id"], cell(row["asks"]), cell(answer(row)), sources(row, pages)) for row in rows)
    return HEAD + "".join("| " + " | ".join(line) + " |\n" for line in cells)


def counted(rows: list[dict[str, Any]]) -> str:
    toys, declined = (sum(row.get("left") == left for row in rows) for left in ("in toys", "declined"))
    return (
        f"Of the {len(rows)} problems {len(rows) - toys - declined} are answered, {toys} are about language models and "
        f"answered in toys, and\n{declined} are declined.\n"
    )


def page(text: str) -> str:
    """Return the page with all that stands between comments written anew."""
    tables = answers()
    pages = tables.pop("pages")
    parts = {name: table(rows, pages) for name, rows in tables.items()}
    parts["counts"] = counted([row for name in LIST for row in tables[name]])
    for name, part in parts.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        before, _, rest = text.partition(begin)
        _, found, after = rest.partition(end)
        if not found:
            raise ValueError(f"{PAGE.name} must have the lines {begin.strip()} and {end}; write them")
        text = f"{before}{begin}\n{part}\n{end}{after}"
    return text


def main() -> None:
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
