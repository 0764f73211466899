"""The table of all verdicts, and a chapter for each group, written from the reports in a folder."""

import json
import re
from pathlib import Path
from typing import Any

from geomsup.experiments.criterion import rule, thresholds
from geomsup.experiments.declaration import Experiment
from geomsup.experiments.registry import GROUPS, experiments
from geomsup.experiments.report import is_current
from geomsup.files import write_text

__all__ = ["OUTDATED", "TITLES", "cell", "place", "sentences", "write_summary"]

INDEX = "index.md"
TITLES = {
    "superposition": "Superposition shown",
    "phase_change": "Phase change",
    "uniform": "Uniform superposition",
    "nonuniform": "Non-uniform superposition",
    "correlated": "Correlated features",
    "dynamics": "Learning dynamics",
    "adversarial": "Adversarial examples",
    "privileged": "Privileged basis",
    "computation": "Computation in superposition",
    "removal": "Removal and bounds",
    "open_problems": "Open problems",
    "tokens": "Tokens and attention",
    "counterexamples": "Counterexamples",
    "many_dimensions": "Many features in many dimensions",
    "questions": "Questions of readers",
}
INTRODUCTION = """# The paper, reproduced

Every experiment of "Toy models of superposition" (Elhage et al. 2022) and some around it, run by one command. For each
there is its figure, the claim, and the answer: the verdict, and the main thing measured. The title leads to the
criterion, all numbers and the command. The run itself writes this page and the chapters:

```
{command}
```

{counts}
"""
HEADINGS = "| | claim | answer |\n|---|---|---|\n"
OUTDATED = "*The code that measures or judges this has changed since. The command below brings it up to date.*"


def write_summary(folder: Path) -> None:
    """Write ``index.md``, the table, and a chapter for each group, from the reports in the folder."""
    found = [(entry, report) for entry in experiments() if (report := _read(folder / entry.id))]
    groups = {group: [pair for pair in found if _folder(pair[0]) == group] for group in GROUPS}
    groups = {group: pairs for group, pairs in groups.items() if pairs}
    tables = [_table(group, pairs) for group, pairs in groups.items()]
    toctree = "\n```{toctree}\n:hidden:\n\n" + "\n".join(groups) + "\n```\n"
    head = INTRODUCTION.format(command=_command("--all", found), counts=_counts([report for _, report in found]))
    write_text(folder / INDEX, head + "\n".join(["", *tables]) + toctree)
    for group, pairs in groups.items():
        parts = [_section(entry, report, folder / entry.id) for entry, report in pairs]
        write_text(folder / f"{group}.md", f"# {TITLES[group]}\n\n" + "\n\n".join(parts) + "\n")


def _read(folder: Path) -> dict[str, Any] | None:
    path = folder / "report.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _folder(entry: Experiment) -> str:
    return entry.group.replace(" ", "_")


def _status(report: dict[str, Any]) -> str:
    return report["verdict"]["status"] if report["verdict"] else "failed"


def _counts(reports: list[dict[str, Any]]) -> str:
    statuses = [_status(report) for report in reports]
    parts = [f"{statuses.count(status)} {status}" for status in dict.fromkeys(sorted(statuses, key=len))]
    minutes = sum(report["cpu_seconds"] for report in reports) / 60
    return f"{len(reports)} experiments: {', '.join(parts)}; {minutes:.0f} minutes of processor time."


def _command(what: str, found: list[tuple[Experiment, dict[str, Any]]]) -> str:
    quick = " --quick" if any(report["size"] == "quick" for _, report in found) else ""
    return f"geomsup reproduce {what}{quick}"


def _table(group: str, pairs: list[tuple[Experiment, dict[str, Any]]]) -> str:
    rows = [_row(entry, report) for entry, report in pairs]
    return f"## {TITLES[group]}\n\n" + HEADINGS + "\n".join(rows) + "\n"


def _row(entry: Experiment, report: dict[str, Any]) -> str:
    """Return the figure, the claim, and the verdict with the first sentence of what was measured."""
    said = sentences(report["verdict"]["summary"])[0] if report["verdict"] else report["error"]
    claim = f"[**{cell(_heading(entry))}**]({place(entry)})<br>{cell(entry.claim)}"
    answer = f"**{_status(report)}**<br>{cell(said).rstrip('.')}."
    return f"| ![{entry.id}]({entry.id}/figure.png) | {claim} | {answer} |"


def _heading(entry: Experiment) -> str:
    return f"{entry.id}: {entry.title}"


def _anchor(heading: str) -> str:
    """Return what GitHub and MyST call a heading in a link."""
    return re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-")


def place(entry: Experiment) -> str:
    """Return where an experiment is described: its chapter and heading, as a link from the folder of chapters."""
    return f"{_folder(entry)}.md#{_anchor(_heading(entry))}"


def sentences(text: str) -> list[str]:
    """Return the sentences of a text; a full stop within a number ends none."""
    return [sentence.strip() for sentence in re.split(r"(?<=[.?!])\s+(?=[^a-z])", text) if sentence.strip()]


def cell(text: str) -> str:
    """Return a text as a cell of a table: on one line, its own signs | escaped."""
    return " ".join(text.replace("|", "\\|").split())


def _section(entry: Experiment, report: dict[str, Any], folder: Path) -> str:
    verdict = report["verdict"]
    lines = [
        f"## {_heading(entry)}",
        f"**Claim** ({entry.source}). {entry.claim}",
        _criterion(entry),
        f"**Measured.** {verdict['summary'] if verdict else report['error']}",
        f"**Verdict: {_status(report)}.**"
        + (f" Checked by {'; '.join(verdict['checks'])}." if verdict and verdict["checks"] else ""),
        f"![{entry.title}]({entry.id}/figure.png)",
    ]
    if verdict:
        compared = verdict.get("compared")
        lines += [*([_compared(compared)] if compared else []), _numbers(verdict["numbers"])]
    if not is_current(entry, report, folder):
        lines.append(OUTDATED)
    lines.append(f"`{_command(entry.id, [(entry, report)])}` · {report['cpu_seconds']:.0f} s of processor time")
    return "\n\n".join(lines)


def _criterion(entry: Experiment) -> str:
    """Return the rule by which the claim is judged, and the thresholds in it with their reasons."""
    lines = [f"- `{name}` = {float(value):g}: {value.reason}" for name, value in thresholds(entry).items()]
    return "\n".join([f"**Criterion.** {rule(entry)}", *(["", *lines] if lines else [])])


def _compared(compared: dict[str, list[str]]) -> str:
    rows = ["| " + " | ".join(cell(text) for text in (about, *pair)) + " |" for about, pair in compared.items()]
    return "| statement | published | measured |\n|---|---|---|\n" + "\n".join(rows)


def _numbers(numbers: dict[str, float | None]) -> str:
    rows = [f"| {cell(name)} | {'–' if value is None else f'{value:.6g}'} |" for name, value in numbers.items()]
    return "| figure | value |\n|---|---|\n" + "\n".join(rows)
