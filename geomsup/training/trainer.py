"""Train toy models, on sampled inputs or on the exact expected loss."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from geomsup import checks
from geomsup.features import Features
from geomsup.model import ToyModel
from geomsup.samples import SampledFeatures
from geomsup.threads import Progress
from geomsup.training.choosing import choose, make_marks
from geomsup.training.layout import layout, start_weights
from geomsup.training.run import TrainingRun

__all__ = ["train"]


@checks.hinted
def train(
    features: Features | SampledFeatures | Sequence[Features | SampledFeatures],
    n_hidden: int | Sequence[int],
    *,
    models: int = 1,
    steps: int | None = None,
    batch: int | None = None,
    optimizer: str = "adam",
    momentum: float = 0.0,
    learning_rate: float | None = None,
    schedule: str | None = None,
    weight_decay: float | None = None,
    clip: float | None = None,
    preset: str = "adam",
    objective: str = "sampled",
    target: str = "identity",
    activation: str | None = None,
    hidden_activation: str | None = None,
    tied: bool | None = None,
    hidden_bias: bool | None = None,
    hidden_l1: float = 0.0,
    coherence: float = 0.0,
    dropout: float = 0.0,
    criterion: str = "squared",
    attack: float = 0.0,
    init_scale: float = 1.0,
    seed: int | Sequence[int] = 0,
    record: int | Sequence[int] = 0,
    model: ToyModel | None = None,
    threads: int | None = None,
    device: str = "auto",
    progress: Progress = None,
) -> TrainingRun:
    """Train toy models x' = f(W_out φ(Wᵀ x + b_hidden) + b) on fresh samples at every step, or on a data set.

    Every step minimises the batch mean of L = Σ_i I_i (y_i − x'_i)², summed over features, with y the target: x itself
    unless asked otherwise. Steps are those of Adam, with β = 0.9, 0.999 and ε = 1e-8, or of SGD; arithmetic is single
    precision. Runs are independent:
    the same seed gives the same bits whatever the number of threads, and a run does not change when others are added
    behind it. Where there are more threads than runs they share the batches of large models.
    Features may have any distribution and groups. A data set (`SampledFeatures`) is trained on in epochs: every epoch
    takes each sample once, in an order of its own; a batch may begin in one epoch and end in the next, and one of the
    whole data set takes it as it is.

    Parameters
    ----------
    features
        What the models are trained on, `Features` or `SampledFeatures`; or a sequence of these with equal n, one
        training each.
    n_hidden
        Number of hidden dimensions m, which may exceed n. A pair (m, m2) trains a second hidden layer,
        h₂ = ReLU(W_betweenᵀ h + b_between), between the first and an untied decoder.
    models
        Models per entry of `features`; runs = entries × models, those of an entry next to each other.
    steps
        Steps of the optimiser; 10,000 by default.
    batch
        Samples in a step; 1024 by default, or all samples of a smaller data set.
    optimizer
        "adam" (default), or "sgd": v ← momentum v + G and θ ← (1 − rate × decay) θ − rate v, with G the gradient.
    momentum
        Part of its last step that "sgd" keeps, in [0, 1); 0 by default.
    learning_rate
        Rate of the optimizer; 1e-3 by default, which is little for "sgd".
    schedule
        "constant" (default), "linear" (rate × (1 − t), t the fraction of `steps` done) or "cosine" (rate × cos(πt/2)).
    weight_decay
        Fraction of every weight, times the rate, that each step subtracts (as AdamW does, also with "sgd"); 0 by
        default. Below 0 weights grow.
    clip
        Largest norm of the gradient of the batch mean, over all weights together; a longer one is scaled down. No limit
        by default.
    preset
        Where arguments left out come from: "adam" (the defaults above), "anthropic-2022" (the original notebook: AdamW
        with decay 0.01, the rest as above) or "grimes-replication" (2000 steps of 128 samples, AdamW with decay 0.01,
        rate 1e-2 falling as a cosine, clip 2). Decay shrinks weights: compare with theory at 0.
    objective
        "sampled", or "exact": descend the exact expected loss of the tied ReLU output model (BFGS, then Newton), from
        the same starts, to a critical point, or with `coherence` of the penalised loss; `steps` bounds its iterations,
        and batch, optimizer, rate, decay and clip are not used.
    target
        What outputs are compared with: "identity" (x), "abs" (``|x|``), "square" (x²), "pairs": outputs 2k and
        2k + 1 should be the larger and the smaller of inputs 2k and 2k + 1 (OR and AND of binary ones), "abs_pairs":
        the same of their absolute values, or "product_pairs": their product and distance (AND and XOR).
    activation, hidden_activation
        Output f: "relu" (default), "linear", "abs", "leaky_relu" or "gelu". Hidden φ: "linear" (default), "relu",
        "gelu", "solu" (z softmax(z), without a LayerNorm behind it) or "layernorm" (without gain and bias).
    tied
        Whether W_out = W, as by default; False trains a decoder of its own.
    hidden_bias
        Whether to train a bias of the (first) hidden layer, from 0; False by default.
    hidden_l1
        λ of a penalty λ E Σ_k ``|h_k|`` on all hidden units, added to what is minimised; recorded losses leave it out.
    coherence
        λ of a penalty λ Σ_{i<j} (w_i·w_j)² over pairs of rows of W, added to what is minimised; recorded losses leave
        it out.
    dropout
        Probability with which each hidden unit is dropped, in [0, 1); those kept are scaled by 1 / (1 - dropout).
    criterion
        "squared", or "cross-entropy": the outputs are logits of which present feature is largest (activation "linear"),
        the loss is I_c (log Σ_j exp x'_j - x'_c), c being that feature; samples without any feature lose nothing.
    attack
        Adversarial training: to every input x is added ± ε G_i/‖G_i‖₂, the attack on output i of the coupling matrix
        G = W_out Wᵀ, with i and the sign drawn for each sample and ε = attack × E‖x‖₂ (within 1 %). Outputs are still
        compared with what the clean x asks for; gradients take what is added as given.
    init_scale
        Factor of the standard deviation that W (and W_out, W_between) start with; 1 by default.
    seed
        Seed of starts and samples, an integer >= 0; or one for each entry of `features`, whose runs are then those of
        a training of this entry alone.
    record
        Steps between records of loss, W and b, or a list of the steps to record; 0 keeps about a hundred records of
        the loss, and no weights. The last step is always recorded.
    model
        Model that every run starts from and whose activations are trained; by default Xavier-normal W (and W_out),
        standard deviation init_scale × sqrt(2 / (n + m)), and b = 0.
    threads
        Threads to train in; by default one for each processor this process may use.
    device
        "cpu", "cuda", or "auto" (default): a CUDA GPU if there is one, numba-cuda is installed (extra ``cuda``) and its
        kernels do such trainings (m up to 64, n up to 4096, fresh samples, objective "sampled", hidden layers "linear"
        or "relu"); else the CPU. Both draw the same samples and agree to rounding; a seed gives the same bits on one
        kind of device. ``config["device"]`` tells which it was.
    progress
        Called as ``progress("training", fraction)`` from the calling thread, at most 20 times a second. The fraction is
        that of the steps done (objective "exact": of the runs). A first use begins with ``("compiling, once", 0.0)``,
        from the thread that compiles.

    Returns
    -------
    TrainingRun
        W ``(runs, n, m)``, b ``(runs, n)``, losses and histories. Ctrl-C returns the runs as trained so far, with a
        RuntimeWarning and the number of steps in ``config["completed_steps"]``; `TrainingRun.resume` goes on (objective
        "exact": until then runs that have not ended stand where they started, with loss NaN). Runs that leave the range
        of single precision stop there, are named by a RuntimeWarning and listed in `TrainingRun.diverged`; the others
        go on.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong kind or range, `features` differ in n, `model` does not fit them, or `device` is
        "cuda" where there is none or its kernels do not train such models.
    FloatingPointError
        If every run leaves the range of single precision (a rate or an importance far too large).

    References
    ----------
    :cite:t:`elhage2022`: setup and training; "Computation in superposition": ``|x|``;
    "Adversarial examples": the attack.
    :cite:t:`kingma2015`: Adam. :cite:t:`loshchilov2019`: AdamW. :cite:t:`sutskever2013`: momentum.
    :cite:t:`elhage2022solu`: SoLU. :cite:t:`henighan2023`: data sets.

    Examples
    --------
    >>> run = train(Features(3, probability=0.1), 2, models=2, steps=300, batch=64, learning_rate=1e-2)
    >>> run
    TrainingRun(2 runs of 3 features in 2 dimensions, 300 steps)
    >>> run.W.shape, run.loss.shape
    ((2, 3, 2), (2, 100))
    >>> bool((run.loss[:, -1] < run.loss[:, 0]).all())
    True
    >>> exact = train(Features(3, probability=0.1), 2, models=4, objective="exact")
    >>> round(float(exact.expected_loss().min()), 8)
    0.00331948
    >>> data = SampledFeatures(Features(3, probability=0.1).sample(500, rng=0))
    >>> train(data, 2, steps=50, optimizer="sgd", momentum=0.9, learning_rate=0.1).config["batch"]
    500
    """
    from geomsup.training.cuda.available import choose_device
    from geomsup.training.finish import check_workers, finish
    from geomsup.training.trainee import Trainee

    entries = _entries(features)
    n = entries[0].n
    settings = choose(
        n, n_hidden=n_hidden, models=models, steps=steps, batch=batch, optimizer=optimizer, momentum=momentum,
        learning_rate=learning_rate, schedule=schedule, weight_decay=weight_decay, clip=clip, preset=preset,
        objective=objective, target=target, activation=activation, hidden_activation=hidden_activation, tied=tied,
        hidden_bias=hidden_bias, hidden_l1=hidden_l1, coherence=coherence, dropout=dropout, criterion=criterion,
        attack=attack, init_scale=init_scale, seed=seed, record=record, model=model, device=device,
        samples=_fewest(entries),
    )  # fmt: skip
    marks = make_marks(settings.steps, settings.record)
    if isinstance(settings.seed, tuple) and len(settings.seed) != len(entries):
        raise ValueError(
            f"`seed` must be a number, or one for each of the {len(entries)} `features`; got {len(settings.seed)}. "
            "Pass as many."
        )
    checks.room("models", len(entries) * settings.models * n * len(settings.units) * max(settings.units))
    checks.room("batch", settings.batch * (n + max(settings.units)))
    settings = replace(settings, device=choose_device(n, settings, fresh=_fewest(entries) is None))
    workers = check_workers(threads, progress)
    per_run = [entry for entry in entries for _ in range(settings.models)]
    shapes = layout(n, settings)
    starts = [
        start_weights(shapes, *settings.stream(number), model, settings.init_scale) for number in range(len(per_run))
    ]
    from geomsup.compiling import telling  # with numba, which checks of arguments do not wait for

    if settings.objective == "exact":
        from geomsup.training.exact import train_exactly

        with telling(progress):
            return train_exactly(per_run, starts, settings, workers, progress)
    trainees = [
        Trainee(number, entry, weights, marks, settings)
        for number, (entry, weights) in enumerate(zip(per_run, starts, strict=True))
    ]
    with telling(progress):
        return finish(trainees, per_run, settings, workers, progress)


def _fewest(entries: list[Features | SampledFeatures]) -> int | None:
    """Return the number of samples of the smallest data set; None if there is none."""
    return min((len(entry) for entry in entries if isinstance(entry, SampledFeatures)), default=None)


def _entries(features: Any) -> list[Features | SampledFeatures]:
    entries = [features] if isinstance(features, Features | SampledFeatures) else features
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        raise TypeError(
            f"`features` must be Features or a sequence of them; got {checks.shown(features)}. "
            f"Wrap it in Features(...), or samples in SampledFeatures(...)."
        )
    if not entries:
        raise ValueError("`features` must hold at least one Features; got none. Pass what to train on.")
    for entry in entries:
        if not isinstance(entry, Features | SampledFeatures):
            raise TypeError(
                f"`features` must hold Features only; got {checks.shown(entry)}. "
                "Wrap it in Features(...), or samples in SampledFeatures(...)."
            )
        if entry.n != entries[0].n:
            raise ValueError(
                f"`features` must all have the same n; got {entries[0].n} and {entry.n}. Train them apart."
            )
        if not (entry.X if isinstance(entry, SampledFeatures) else entry.probability).any():
            raise ValueError(
                "`features` must have a feature that is present at times; got a probability of 0 for all. "
                "Pass a positive probability."
            )
    return list(entries)
