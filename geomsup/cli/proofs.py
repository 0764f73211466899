"""Commands about theorems: ``certify`` and ``verify``."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

import geomsup as gs
from geomsup.cli.console import check_files, deliver, progress_bars
from geomsup.cli.options import Json, Output, Whole

__all__ = ["certify", "verify"]


def certify(
    n_features: Whole,
    n_hidden: Whole,
    *,
    probability: float | None = None,
    limit: Annotated[bool, Parameter(negative="")] = False,
    unequal: Annotated[bool, Parameter(negative="")] = False,
    coherence: Annotated[bool, Parameter(negative="")] = False,
    decoders: Annotated[bool, Parameter(negative="")] = False,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """Make a certificate that a geometry is the optimum, for `geomsup verify` to check.

    Examples: ``geomsup certify 5 2 -o pentagon.json``; ``geomsup certify 5 2 --limit -o limit.json``;
    ``geomsup certify 2 1 -o digon.json``; ``geomsup certify 2 1 --unequal -o plane.json``;
    ``geomsup certify 2 1 --coherence -o penalty.json``; ``geomsup certify 3 2 -o three.json``;
    ``geomsup certify 3 1 -o shared.json``, and the same for 4 features;
    ``geomsup certify 5 1 --probability 0.1 -o shared_5_0.1.json``;
    ``geomsup certify 3 2 --decoders -o decoders.json``.

    Parameters
    ----------
    n_features
        Number of features n, which is from 2 to 5 so far.
    n_hidden
        Number of hidden dimensions m, which is 2 for 5 and 3 features, and 1 for 2 to 5.
    probability
        Which of 0.1, 0.3, 0.5, 0.7 and 0.9 it is about, for 5 features in 1 dimension; leave it out for others.
    limit
        Prove it for one active feature of 5, the limit of high sparsity, and not for probabilities up to 0.001.
    unequal
        Prove from which importance on the second of 2 features is stored, and not what is best if both are equal.
    coherence
        Prove up to which penalty on (w_1 · w_2)² both of 2 features are stored, and not what is best without one.
    decoders
        Prove what 3 features in the plane lose at least, whatever the decoder is, and not compare two families.
    output
        Also write the certificate to this file, as .json.
    """
    check_files(output, table=False)
    with progress_bars() as progress:
        made = gs.certify(
            n_features,
            n_hidden,
            probability=probability,
            limit=limit,
            unequal=unequal,
            coherence=coherence,
            decoders=decoders,
            progress=progress,
        )
    deliver(made.to_dict(), str(made), as_json, output)


def verify(path: Path, *, output: Output = None, as_json: Json = False) -> None:
    """Check a certificate, and say what it proves; exit code 2 and the reason if it proves nothing.

    Example: ``geomsup verify pentagon.json``.

    Parameters
    ----------
    path
        The file that `geomsup certify` wrote.
    output
        Also write the theorem as .json to this file.
    """
    check_files(output, table=False)
    with progress_bars() as progress:
        theorem = gs.verify(path, progress=progress)
    deliver(theorem.to_dict(), str(theorem), as_json, output)
