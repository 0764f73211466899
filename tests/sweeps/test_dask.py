"""Sweeps on a Dask cluster: real processes on this machine, that talk by TCP, and are killed."""

import os
import signal
import threading

import dask
import pytest
from distributed import Client, LocalCluster

import geomsup as gs
from tests.sweeps import functions
from tests.sweeps.test_sweep import same

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # what others warn of is not ours


@pytest.fixture
def cluster():
    # Dask itself tries a task again whose worker was lost; here only geomsup does.
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}), LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
    ) as made:  # fmt: skip
        yield made


def test_an_address_gives_what_threads_give(cluster):
    assert cluster.scheduler_address.startswith("tcp://127.0.0.1:")
    axes = {"x": range(30)}
    found = gs.sweep(functions.named, axes, executor=cluster.scheduler_address)
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        assert same(found, gs.sweep(functions.named, axes, executor=pool))


def test_a_killed_worker_loses_nothing(cluster, tmp_path):
    with Client(cluster) as client:
        victim = next(iter(client.run(os.getpid).values()))
        killed = []

        def progress(stage, fraction):
            if fraction > 0.2 and not killed:
                os.kill(victim, signal.SIGKILL)
                killed.append(fraction)

        found = gs.sweep(
            functions.waits, {"x": range(60)}, seconds=0.02, executor=client.get_executor(pure=False),
            unit_seconds=0.1, output=tmp_path / "run.sqlite", progress=progress,
        )  # fmt: skip
    assert killed
    assert found.failed == ()
    assert found["value"].tolist() == list(range(60))


def test_a_point_that_kills_its_worker_is_recorded(cluster, tmp_path):
    found = gs.sweep(
        functions.kills_its_worker_at, {"x": range(6)}, bad=3, folder=str(tmp_path), retries=1,
        executor=cluster.scheduler_address,
    )  # fmt: skip
    ((point, error),) = found.failed
    assert point == {"x": 3}
    assert error.startswith("lost 2 workers: KilledWorker")


def test_a_scheduler_that_is_gone_is_one_line(tmp_path):
    with (
        pytest.raises(OSError, match=r"`executor` must be the address of a Dask scheduler; 'tcp://127.0.0.1:1' does"),
        dask.config.set({"distributed.comm.timeouts.connect": "200ms"}),
    ):
        gs.sweep(functions.square, {"x": [1]}, executor="tcp://127.0.0.1:1", output=tmp_path / "run.sqlite")


def test_a_scheduler_that_goes_meanwhile_ends_the_sweep_and_keeps_what_is_done(tmp_path):
    with LocalCluster(n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as cluster:
        ended = threading.Event()

        def progress(stage, fraction):
            if fraction > 0.1 and not ended.is_set():
                ended.set()
                threading.Thread(target=cluster.close).start()

        with pytest.raises(OSError, match=r"`executor` .*What is done is kept"):
            gs.sweep(
                functions.waits, {"x": range(200)}, seconds=0.05, executor=cluster.scheduler_address, unit_seconds=0,
                output=tmp_path / "run.sqlite", progress=progress,
            )  # fmt: skip
    assert 20 <= gs.Sweep.load(tmp_path / "run.sqlite").done.sum() < 200
