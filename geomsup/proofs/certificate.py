"""Certificates as values and files, and what follows from them."""

import json
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from importlib.util import find_spec
from os import PathLike
from pathlib import Path
from typing import Any

from geomsup import checks
from geomsup.files import write_json
from geomsup.tables import Readable
from geomsup.threads import Progress, Report

__all__ = ["Certificate", "Theorem", "certify", "check_extra", "verify"]

MOST_BYTES = 50_000_000  # of a file that is read as a certificate: theorems here need a few thousand
STATEMENTS = {
    "pentagon at the limit": (
        "Exactly one of 5 features is active, x = μ e_j with μ ~ U[0, 1]. Then H = 3 Σ_i Σ_j ∫ (x_i - x'_i)² dμ of "
        "x' = relu(W Wᵀ x + b) is at least {minimum}…, for all W of 5 rows in the plane and all b. Equality holds only "
        "for the regular pentagon of norm {norm}… and bias {bias}…, up to rotation, reflection and order of rows. "
        "So 5 independent features of probability p lose at least p (1 - p)⁴ times a third of it."
    ),
    "pentagon of small probability": (
        "5 features are present independently, each with probability p, and then uniform on [0, 1]. For every "
        "0 < p <= 0.001 the expected squared error of x' = relu(W Wᵀ x + b), over all W of 5 rows in the plane and all "
        "b, is least at one model, up to rotation, reflection and order of rows: a regular pentagon of norm "
        "{norm from} to {norm to} and bias {bias from} to {bias to}."
    ),
    "two features on one axis": (
        "2 features are present independently, each with probability p, and then uniform on [0, 1]. For every "
        "0 < p < 1 the expected squared error of x' = relu(w wᵀ x + b), over both weights and both biases, is least at "
        "a digon, weights of opposite signs. Up to order and sign it is the only minimum, except at one probability "
        "between {crossing from} and {crossing to}. Below that one both norms and both biases are equal, above it the "
        "norms are not, and at it there is one minimum of each kind."
    ),
    "two features of unequal importance": (
        "2 features are present independently, each with probability p, and then uniform on [0, 1]. Their importances "
        "are 1 and I < 1. For every 0 < p < 1 there is an I*(p) < 1. Below it the expected squared error of "
        "x' = relu(w wᵀ x + b), over both weights and both biases, is least if the first feature alone is stored, and "
        "nowhere else; above it only at digons, weights of opposite signs. From p = {steady from} to {steady up to} a "
        "formula gives I*, and digons begin with small second weights; from {known from} to {jump up to} and from "
        "{jump from} on they do not. Elsewhere I* is between lines, which leave {rest} of the square open."
    ),
    "two features with a penalty": (
        "2 features are present independently, each with probability p, and then uniform on [0, 1]. For every "
        "0 < p < 1 there is a λ*(p), at most 2 p / 3 - p² / 2. Above it the expected squared error of "
        "x' = relu(w wᵀ x + b) and a penalty λ (w_1 w_2)², over both weights and both biases, are least if one feature "
        "alone is stored, and nowhere else; below it only at digons, weights of opposite signs. From p = {steady from} "
        "to {steady up to} a formula gives λ*, and digons begin with small second weights; up to {jump up to} and from "
        "{jump from} on they do not. Elsewhere λ* / p is between lines, which leave an area of {rest} of p and λ / p "
        "open."
    ),
    "digon and triangle": (
        "3 features are present independently, each with probability p, and then uniform on [0, 1]. Compared are two "
        "families of models x' = relu(W Wᵀ x + b) in the plane: two rows on one axis and the third one orthogonal to "
        "it; and three rows of one norm at 120 degrees with one bias. There is one p* between {tie from} and {tie to} "
        "where the least expected squared errors of both are equal. For 0 < p < p* that of the first family is less, "
        "for p > p* that of the second one. At p* with a penalty λ Σ_(i<j) (w_i · w_j)², 0 < λ <= {tie penalty}, it is "
        "less in the second one, at one model up to rotation and reflection. At p = 0.5 and 0 <= λ <= {penalty up to} "
        "it is less in the first one up to a penalty between {penalty from} and {penalty to}, and in the second one "
        "beyond. Whether other models lose less is not said."
    ),
    "features on one axis": (
        "{n} features are present independently, each with probability p, and then uniform on [0, 1]. The least "
        "expected squared error of x' = relu(w wᵀ x + b), over all {n} weights and all {n} biases, is {losses}.{digons}"
    ),
    "three features in the plane": (
        "3 features are present independently, each with probability p, and then uniform on [0, 1]. The expected "
        "squared error of x' = relu(A Wᵀ x + b), over all W of 3 rows in the plane, all decoders A and all b, is at "
        "least {1/10 from} at p = 0.1, {3/10 from} at 0.3, {1/2 from} at 0.5, {7/10 from} at 0.7, {9/10 from} at 0.9. "
        "With A = W the least one is at most {1/10 to}, {3/10 to}, {1/2 to}, {7/10 to}, and {9/10 to}. At 0.1, 0.3, "
        "0.5 and 0.521837 only the best digon of two features, with a row of its own for the third, loses least. At "
        "0.7 and 0.9 only the best regular triangle does, with any decoder. At 0.521838 only this triangle does if "
        "A = W, as all digons lose more there: that is in the certificate of the digon and the triangle. With all rows "
        "of W on one axis it is at least {axis 7/10 from} at 0.7 and {axis 9/10 from} at 0.9, with any decoder."
    ),
}
FIFTHS = "1/10", "3/10", "1/2", "7/10", "9/10"  # probabilities, as names of facts say them
SAME = 1e-15  # what is left of 1 - 0.9 by rounding
SHOWN = 16  # characters of a number in the statement


@dataclass(frozen=True, eq=False)
class Certificate(Readable):
    """What a proof needs from a computer, for anyone to check.

    Attributes
    ----------
    theorem
        Which theorem.
    n_features, n_hidden
        The size of the models it is about.
    evidence
        What the checker needs: decimals as texts, and regions that are halved and halved again, as texts too. The page
        on theorems explains each part.

    Examples
    --------
    >>> import geomsup as gs
    >>> certificate = gs.certify(5, 2, limit=True)
    >>> certificate.evidence["numbers"]["minimum"][:12], sorted(set(certificate.evidence["tree"]))
    ('0.2373844061', ['a', 'c', 'f', 's', 't'])
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     certificate.save(f"{folder}/pentagon.json")
    ...     gs.verify(f"{folder}/pentagon.json").boxes
    975
    """

    theorem: str
    n_features: int
    n_hidden: int
    evidence: dict[str, Any] = field(repr=False)

    def __str__(self) -> str:
        return f"certificate of the {self.theorem}; not checked: call verify"

    def save(self, path: str | PathLike[str]) -> None:
        """Write it to a file as JSON, complete or not at all.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        write_json(checks.folder_or_file("path", path), self.to_dict())


@dataclass(frozen=True, eq=False)
class Theorem(Readable):
    """What a checked certificate proves.

    Attributes
    ----------
    name
        Name of the theorem.
    statement
        What it says.
    facts
        Numbers of the statement, as doubles.
    boxes
        Number of boxes that were checked.

    Examples
    --------
    >>> import geomsup as gs
    >>> theorem = gs.verify(gs.certify(5, 2, limit=True))
    >>> theorem.facts["minimum"], theorem.facts["norm"], theorem.facts["bias"]
    (0.2373844061, 1.1704596391, -0.2822972831)
    """

    name: str
    statement: str
    facts: dict[str, float]
    boxes: int

    def __str__(self) -> str:
        return f"proved, by {self.boxes} boxes: {self.statement}"


def certify(
    n_features: int,
    n_hidden: int,
    *,
    probability: float | None = None,
    limit: bool = False,
    unequal: bool = False,
    coherence: bool = False,
    decoders: bool = False,
    progress: Progress = None,
) -> Certificate:
    """Return a certificate that a geometry is the optimum.

    There are ten theorems so far. Two are about five features in the plane: the regular pentagon is the only global
    minimum of the expected loss at every probability up to 0.001, and the only one where one feature is active. Three
    are about two features in one dimension, at every probability: a digon is the only global minimum of equally
    important ones; of others, from which importance on the less important one is stored; and from which penalty on
    coherence on only one of two equally important ones is. One compares two geometries of three features in the plane:
    up to which probability a digon with a row of its own loses less than a triangle. One encloses the least loss of
    three, four or five features in one dimension, at five probabilities. One bounds that of three features in the plane
    there, over all weights, biases and decoders; and two say which geometry is the only global minimum at seven
    probabilities: a digon with a row of its own up to the tie of the two geometries, and the triangle beyond.

    Parameters
    ----------
    n_features, n_hidden
        The size of the models: 5 and 2, 3 and 2, or 2, 3, 4 or 5 and 1.
    probability
        Which of 0.1, 0.3, 0.5, 0.7 and 0.9 it is about, for five features in one dimension; else None.
    limit
        True: exactly one of five features is active, and what is least is the potential of `one_hot_loss`; it takes a
        second. False: features are independent. Five have a probability up to 0.001, which takes about 20 s; two and
        three have any, which takes about 80 s and a minute. In one dimension three and four features have five
        probabilities, which takes one minute and four. Five have one, which takes up to four minutes.
    unequal
        True: two features have two importances, which takes about 5 minutes. False: all importances are equal.
    coherence
        True: two features have the penalty `coherence` of `optimum`, which takes about 3 minutes. False: no penalty.
    decoders
        True: three features in the plane with any weights and biases, and any decoder or W, which takes about 80 s.
        False: two families of tied models are compared.
    progress
        Called with a stage and the fraction of it that is done.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong kind, there is no such theorem, or python-flint is not installed.

    Examples
    --------
    >>> import geomsup as gs
    >>> print(gs.certify(5, 2, limit=True))
    certificate of the pentagon at the limit; not checked: call verify
    """
    size = tuple(
        checks.integer(name, value, minimum=1) for name, value in (("n_features", n_features), ("n_hidden", n_hidden))
    )
    limit, unequal = checks.boolean("limit", limit), checks.boolean("unequal", unequal)
    coherence, decoders = checks.boolean("coherence", coherence), checks.boolean("decoders", decoders)
    if size not in ((5, 2), (3, 2), (5, 1), (4, 1), (3, 1), (2, 1)):
        raise ValueError(
            "`n_features` and `n_hidden` must be 5 and 2, 3 and 2, or 2, 3, 4 or 5 and 1, as nothing is proved yet of "
            f"others; got {size[0]} and {size[1]}. `optimum` searches there."
        )
    if limit and size != (5, 2):
        raise ValueError(
            f"`limit` must be False for {size[0]} features in {_dimensions(size[1])}, as no theorem of them is "
            "about one active feature; got True. Leave it out."
        )
    if unequal and size != (2, 1):
        raise ValueError(
            f"`unequal` must be False for {size[0]} features in {_dimensions(size[1])}, as their theorems are about "
            "equal importances; got True. Leave it out."
        )
    if coherence and (unequal or size != (2, 1)):
        raise ValueError(
            "`coherence` must be False for 3 to 5 features, and with `unequal`, as its theorem is about 2 features of "
            "equal importances; got True. Leave it out."
        )
    if decoders and size != (3, 2):
        raise ValueError(
            f"`decoders` must be False for {size[0]} features in {_dimensions(size[1])}, as its theorem is about 3 in "
            "the plane; got True. Leave it out."
        )
    p = _probability(probability, size)
    checks.callback("progress", progress)
    check_extra("certify")
    if decoders:
        from geomsup.proofs.decoders.maker import three_in_the_plane as made
    elif coherence:
        from geomsup.proofs.penalty.maker import penalty_on_one_axis as made
    elif unequal:
        from geomsup.proofs.plane.maker import unequal_on_one_axis as made
    elif size == (3, 2):
        from geomsup.proofs.three.maker import digon_and_triangle as made
    elif size in ((3, 1), (4, 1), (5, 1)):
        from geomsup.proofs.shared.maker import features_on_one_axis

        made = partial(features_on_one_axis, size[0], p)
    elif size == (2, 1):
        from geomsup.proofs.digon import two_on_one_axis as made
    elif limit:
        from geomsup.proofs.limit import pentagon_at_the_limit as made
    else:
        from geomsup.proofs.sparse import pentagon_of_small_probability as made

    return Certificate.from_dict(made(progress))


def verify(certificate: "Certificate | str | PathLike[str]", *, progress: Progress = None) -> Theorem:
    """Check a certificate, and return the theorem that it proves.

    The checkers take nothing from what makes certificates, and bound all rounding errors. The page on theorems says
    which files they are. Long certificates are checked in several processes: one for each processor, or as many as the
    variable GEOMSUP_THREADS says.

    Parameters
    ----------
    certificate
        A certificate, or the file of one.
    progress
        Called with a stage and the fraction of it that is done.

    Raises
    ------
    TypeError, ValueError
        If it is no certificate, it proves nothing (the message says where it fails), or python-flint is not installed.
    OSError
        If one of the processes was ended from outside, or the file cannot be read.

    Examples
    --------
    >>> import geomsup as gs
    >>> print(gs.verify(gs.certify(5, 2, limit=True)))
    proved, by 975 boxes: Exactly one of 5 features is active, ...
    """
    checks.callback("progress", progress)
    if isinstance(certificate, Certificate):
        data = certificate.to_dict()
    else:
        data = _read(checks.folder_or_file("certificate", certificate))
    check_extra("verify")
    facts = _checked(data, progress or (lambda stage, fraction: None))
    shown = {one: value[:SHOWN] for one, value in facts.items() if isinstance(value, str)}
    numbers = {one: float(value) for one, value in facts.items() if isinstance(value, str)}
    words = {"n": data["n_features"], "losses": _losses(shown), "digons": _digons(shown), **shown}
    return Theorem(data["theorem"], STATEMENTS[data["theorem"]].format(**words), numbers, facts["boxes"])


def _checked(data: Any, told: Report) -> dict[str, Any]:
    """Return what a certificate proves."""
    from geomsup.proofs.checker import check
    from geomsup.proofs.decoders.checker import check_decoders
    from geomsup.proofs.digon_checker import check_digon
    from geomsup.proofs.parts import apart
    from geomsup.proofs.penalty.checker import check_penalty
    from geomsup.proofs.plane.checker import check_plane
    from geomsup.proofs.shared.checker import check_shared
    from geomsup.proofs.sparse_checker import check_sparse
    from geomsup.proofs.three.checker import check_three

    checkers = {
        "pentagon of small probability": lambda data, told, each: check_sparse(data, told),
        "two features on one axis": check_digon,
        "two features of unequal importance": check_plane,
        "two features with a penalty": check_penalty,
        "digon and triangle": check_three,
        "features on one axis": check_shared,
        "three features in the plane": check_decoders,
    }
    name = data.get("theorem") if isinstance(data, dict) else None
    checker = checkers.get(name) if isinstance(name, str) else None
    with apart() as each:
        try:
            return check(data, told) if checker is None else checker(data, told, each)
        except ValueError as error:
            raise ValueError(f"`certificate` must prove its theorem; it does not: {error}. Make it anew.") from None


def _losses(shown: dict[str, str]) -> str:
    """Return what is said of the least loss at each probability."""
    known = [(at, shown[f"{at} from"], shown[f"{at} to"]) for at in FIFTHS if f"{at} from" in shown]
    several = len(known) > 1
    parts = [f"from {low} to {high} at {float(Fraction(at))}" for at, low, high in known]
    parts[:1] = [one.replace(" at ", " at p = ") for one in parts[:1]]
    return ", ".join(parts[:-1]) + ", and " * several + "".join(parts[-1:])


def _digons(shown: dict[str, str]) -> str:
    """Return where only digons lose the least, as a sentence."""
    if "digons from" not in shown:
        return ""
    several = len([at for at in FIFTHS if f"{at} from" in shown]) > 1
    where = "At those of them from {digons from} to {digons up to} only" if several else "Only"
    return f" {where.format(**shown)} the best digon of two features and dropped features lose the least."


def _probability(value: float | None, size: tuple[int, ...]) -> Fraction | None:
    """Return the probability of a certificate of five features in one dimension, or None for others."""
    if size != (5, 1):
        if value is not None:
            raise ValueError(
                f"`probability` must be None for {size[0]} features in {_dimensions(size[1])}, as their certificates "
                f"have no choice of it; got {checks.shown(value)}. Leave it out."
            )
        return None
    p = None if value is None else checks.number("probability", value)
    found = [Fraction(at) for at in FIFTHS if p is not None and abs(p - Fraction(at)) < SAME]
    if not found:
        raise ValueError(
            "`probability` must be 0.1, 0.3, 0.5, 0.7 or 0.9 for 5 features in 1 dimension, as each has a certificate "
            f"of its own; got {p}. Pass one of them."
        )
    return found[0]


def _dimensions(number: int) -> str:
    return f"{number} dimension{'s' if number > 1 else ''}"


def _read(path: Path) -> Any:
    """Return what a file of JSON holds."""
    if not path.is_file():
        what = f"got the folder {str(path)!r}. Name a file in it" if path.is_dir() else f"got {str(path)!r}"
        advice = "" if path.is_dir() else ". Check the spelling"
        raise ValueError(f"`certificate` must be an existing file; {what}{advice}.")
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"`certificate` must be a file of at most {MOST_BYTES} bytes; got {path.name!r}. Pass one.")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):  # what is no text, too
        raise ValueError(f"`certificate` must be a file of JSON; got {path.name!r}. Pass what certify wrote.") from None


def check_extra(name: str) -> None:
    """Raise if what proofs are made with is not installed."""
    if find_spec("flint") is None:
        raise ValueError(f"`{name}` needs python-flint. Run: {checks.pip_install('geomsup[certify]')}")
