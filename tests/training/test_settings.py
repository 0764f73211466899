"""Every option of a training stands in `Settings`; `train` and the command line say the same."""

import inspect
from dataclasses import MISSING, FrozenInstanceError, fields

import pytest

import geomsup as gs
from geomsup.cli import main, training
from geomsup.cli.settings import BY_HAND
from geomsup.training.settings import BY_MODEL, PRESETS, Settings

OPTIONS = {option.name: option for option in fields(Settings)}
NOT_SETTINGS = {"features", "threads", "progress"}  # arguments of `train` that are no settings
OWN = {"n_features", "n_hidden", "inputs", "models", "untied", "second_layer", "threads", "output"}


def test_train_takes_every_setting():
    arguments = dict(inspect.signature(gs.train).parameters)
    assert set(arguments) == set(OPTIONS) | NOT_SETTINGS
    for name, option in OPTIONS.items():
        default = None if option.metadata["by"] else option.default
        assert arguments[name].default == (inspect.Parameter.empty if default is MISSING else default), name
    documented = inspect.getdoc(gs.train)
    assert all(name in documented for name in arguments)


def test_the_command_line_takes_every_setting():
    arguments = dict(inspect.signature(training.train).parameters)
    assert set(arguments) == (set(OPTIONS) - set(BY_HAND)) | OWN | {"as_json"}
    for name in set(OPTIONS) - set(BY_HAND):
        decided = OPTIONS[name].metadata["by"] not in (None, BY_MODEL)
        assert arguments[name].default == (None if decided else OPTIONS[name].default), name


def test_help_describes_every_option(capsys):
    main(["train", "--help"])
    said = " ".join(capsys.readouterr().out.replace("│", " ").split())
    for name in set(OPTIONS) - set(BY_HAND):
        assert f"--{name.replace('_', '-')} " in said
        assert OPTIONS[name].metadata["text"].removesuffix(".") in said


def test_settings_are_checked_and_frozen():
    settings = Settings(n_hidden=[3, 2], record=[5, 1, 5])
    assert (settings.n_hidden, settings.units, settings.deep, settings.record) == ((3, 2), (3, 2), True, (1, 5))
    with pytest.raises(ValueError, match="`batch` must be at least 1"):
        Settings(n_hidden=1, batch=0)
    with pytest.raises(FrozenInstanceError):
        settings.batch = 5


def test_settings_come_back_from_json():
    settings = Settings(n_hidden=(3, 2), record=(1, 5), clip=1, tied=False)
    stored = settings.to_dict()
    assert stored["n_hidden"] == [3, 2]
    assert stored["record"] == [1, 5]
    assert Settings.from_dict(stored | {"completed_steps": 7}) == settings
    assert Settings.from_dict({"n_hidden": 2}) == Settings(n_hidden=2)


def test_presets_set_what_presets_may_set():
    for preset in PRESETS.values():
        assert all(OPTIONS[name].metadata["by"] == "preset" for name in preset)
