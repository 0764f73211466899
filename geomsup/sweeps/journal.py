"""The journal of a sweep: one SQLite file, in which a unit of work is there as a whole or not at all.

Write-ahead logging lets others read meanwhile. Every unit is one transaction, and on the disk before the next is
written: neither a kill nor the loss of power takes it away.
"""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from geomsup import checks
from geomsup.sweeps.lock import holder, locked
from geomsup.sweeps.outcome import Outcome
from geomsup.sweeps.plan import Plan

__all__ = ["Journal", "Status"]

FORMAT = 1  # of the tables below
PATIENCE = 30.0  # seconds in which another process, such as one that copies the file, may hold it
RECENT = 300.0  # seconds that the speed of a sweep is taken from
TABLES = """
CREATE TABLE sweep (format INTEGER NOT NULL, plan TEXT NOT NULL);
CREATE TABLE points (
    position INTEGER PRIMARY KEY, id TEXT NOT NULL, result TEXT, error TEXT, seconds REAL NOT NULL, ended REAL NOT NULL
);
"""


class Status(NamedTuple):
    """How far a sweep is: points, those done, those of them that failed, seconds left (None: not known), process."""

    points: int
    done: int
    failed: int
    seconds_left: float | None
    process: int | None


class Journal:
    """The journal of a sweep; `begun` opens it for the one process that writes, `read` for any other.

    Examples
    --------
    >>> plan = Plan("train", {"seed": (0, 1)}, {})
    >>> with Journal.begun(None, plan) as journal:
    ...     journal.write({1: Outcome('{"loss": 0.5}', None, 0.1)})
    ...     journal.done.tolist(), list(journal.results())
    ([False, True], [(1, {'loss': 0.5}, None)])
    """

    def __init__(self, connection: sqlite3.Connection, plan: Plan, path: Path | None) -> None:
        self.plan, self.path, self._connection = plan, path, connection
        self.done = np.zeros(plan.size, bool)
        for (position,) in connection.execute("SELECT position FROM points"):
            if not 0 <= position < plan.size:
                raise _damaged(path)
            self.done[position] = True

    @classmethod
    @contextmanager
    def begun(cls, path: Path | None, plan: Plan) -> Iterator["Journal"]:
        """Open the journal of a plan, or make it; nobody else writes to it meanwhile. None keeps it in memory.

        Raises
        ------
        ValueError
            If the file is no journal, or that of another sweep.
        OSError
            If another process writes to it, or it cannot be written.
        """
        with ExitStack() as stack:
            if path is not None:
                _check(path)
                stack.enter_context(_alone(path))
            connection = stack.enter_context(_opened(path))
            with _words(path):
                _prepare(connection, plan, path)
                journal = cls(connection, plan, path)
            yield journal

    @classmethod
    @contextmanager
    def read(cls, path: Path) -> Iterator["Journal"]:
        """Open a journal to read, also while it is written."""
        if not path.is_file():
            raise FileNotFoundError(f"`path` must be the journal of a sweep; there is no file {str(path)!r}. Check it.")
        with _opened(path) as connection, _words(path):
            connection.execute("PRAGMA query_only = 1")
            yield cls(connection, Plan.from_description(_description(connection, path)), path)

    def write(self, outcomes: dict[int, Outcome]) -> None:
        """Write what became of the points of a unit, by position: all of it, or nothing."""
        now = time.time()
        rows = [(position, self.plan.id(position), *outcome, now) for position, outcome in outcomes.items()]
        with _words(self.path), self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("INSERT OR REPLACE INTO points VALUES (?, ?, ?, ?, ?, ?)", rows)
        self.done[list(outcomes)] = True

    def forget_failed(self) -> None:
        """Let points that failed count as not done."""
        with _words(self.path):
            failed = [row[0] for row in self._connection.execute("SELECT position FROM points WHERE error NOT NULL")]
        self.done[failed] = False

    def results(self) -> Iterator[tuple[int, dict[str, Any] | None, str | None]]:
        """Yield position, numbers and error of every point that is done, in order."""
        for position, result, error in self._connection.execute(
            "SELECT position, result, error FROM points ORDER BY position"
        ):
            try:
                yield position, None if result is None else json.loads(result), error
            except json.JSONDecodeError:
                raise _damaged(self.path) from None

    def failed(self, most: int) -> list[dict[str, Any]]:
        """Return the first points that failed: the values of their axes, and their errors."""
        found = self._connection.execute(
            "SELECT position, error FROM points WHERE error NOT NULL ORDER BY position LIMIT ?", (most,)
        )
        return [{"point": self.plan.labels(position), "error": error} for position, error in found]

    def status(self) -> Status:
        """Return how far the sweep is."""
        one = self._connection.execute
        done, failed, last = one("SELECT count(*), count(error), max(ended) FROM points").fetchone()
        left, writer = None, None if self.path is None else holder(_lock_of(self.path))
        if done:
            since = last - RECENT
            recent, first = one("SELECT count(*), min(ended) FROM points WHERE ended > ?", (since,)).fetchone()
            # The first unit of these ended at the beginning of the time that is measured.
            begun = one("SELECT count(*) FROM points WHERE ended = ?", (first,)).fetchone()[0]
            if last > first:
                left = (self.plan.size - done) * (last - first) / (recent - begun)
        return Status(self.plan.size, done, failed, 0.0 if done == self.plan.size else left, writer)


def _check(path: Path) -> None:
    if path.is_dir():
        raise ValueError(f"`output` must be a file; got the folder {str(path)!r}. Add a name.")
    if not path.parent.is_dir():
        raise ValueError(f"`output` must be in an existing folder; got {str(path)!r}. Make the folder first.")


def _lock_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-lock")


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Refuse a second process that writes."""
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(_lock_of(path)))
        except BlockingIOError:
            other = holder(_lock_of(path))
            raise OSError(
                f"`output` must not be written by two sweeps; process {other} writes {str(path)!r}. "
                "Wait for it, or look with: geomsup sweep --status"
            ) from None
        except OSError as error:
            raise OSError(
                f"`output` must be a file that can be written; {str(path)!r} is not: {error.strerror}. "
                "Name another, or make room."
            ) from None
        yield


@contextmanager
def _opened(path: Path | None) -> Iterator[sqlite3.Connection]:
    with _words(path):
        connection = sqlite3.connect(":memory:" if path is None else path, timeout=PATIENCE, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def _words(path: Path | None) -> Iterator[None]:
    """Say what SQLite says in words that name the file."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise OSError(
            f"`output` must be a file that can be written; {str(path)!r} is not: {error}. What it holds is kept: make "
            "room, or repair the path, and run the same again."
        ) from None
    except sqlite3.DatabaseError as error:
        raise ValueError(
            f"`output` must be the journal of a sweep; {str(path)!r} is not: {error}. Name another."
        ) from None


def _prepare(connection: sqlite3.Connection, plan: Plan, path: Path | None) -> None:
    """Make the tables, or check that they are those of this plan."""
    is_new = not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    there, asked = None if is_new else _description(connection, path), plan.description()
    if there is not None and there != asked:
        raise ValueError(
            f"`output` must be the journal of this sweep; in {str(path)!r} {_difference(there, asked)}. "
            "Name another file, or ask for the same."
        )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    if is_new:
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            for statement in TABLES.split(";"):
                connection.execute(statement)
            connection.execute("INSERT INTO sweep VALUES (?, ?)", (FORMAT, json.dumps(asked)))


def _description(connection: sqlite3.Connection, path: Path | None) -> dict[str, Any]:
    try:
        version, text = connection.execute("SELECT format, plan FROM sweep").fetchone()
    except (sqlite3.OperationalError, TypeError):
        raise ValueError(f"`output` must be the journal of a sweep; {str(path)!r} is another file. Name one.") from None
    if version != FORMAT:
        raise ValueError(f"`output` must be a journal of format {FORMAT}; {str(path)!r} has {version}. Sweep it again.")
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        raise _damaged(path) from None


def _damaged(path: Path | None) -> ValueError:
    return ValueError(
        f"`output` must be the journal of a sweep; {str(path)!r} is damaged. Restore it, or name another."
    )


def _difference(there: dict[str, Any], asked: dict[str, Any]) -> str:
    """Say in what two descriptions differ first."""
    flat = [_flat(one) for one in (there, asked)]
    for name in dict.fromkeys([*flat[0], *flat[1]]):
        if name == "code" and flat[0][name] != flat[1][name]:
            return "the function had another text"
        old, new = (one.get(name, "nothing") for one in flat)
        if old != new:
            return f"{name} is {checks.shown(old)} and not {checks.shown(new)}"
    return "axes come in another order"


def _flat(description: dict[str, Any]) -> dict[str, Any]:
    parts = {"axis": dict(description["axes"]), "fixed": description["fixed"]}
    inner = {f"{part} {name}": value for part, named in parts.items() for name, value in named.items()}
    return {name: value for name, value in description.items() if name not in ("axes", "fixed")} | inner
