"""Vintages on a Dask cluster: the same bytes, whatever dies on the way; what is wrong with a cluster is said."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dicli.backtest import cluster, sweep, synthetic
from dicli.backtest.panel import Panel
from dicli.errors import DicliError, InfeasiblePlan
from tests.test_backtest_sweep import TOO_MUCH, WANTED

pytest.importorskip("distributed")
PLACE = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0", "threads_per_worker": 1}


@pytest.fixture(scope="module")
def market() -> Panel:
    return synthetic.generate(seed=3, names=11, years=2)


@pytest.fixture(scope="module")
def workers() -> Iterator[Any]:
    """Two worker processes."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, **PLACE) as found:
        yield found


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "SECONDS", 0.5)


def test_the_same_bytes_whoever_runs_them(tmp_path: Path, market: Panel, workers: Any) -> None:
    files = [tmp_path / name for name in ("one.parquet", "two.parquet", "dask.parquet")]
    sweep.sweep(market, WANTED, "quarter", 1, kept=files[0], jobs=1)
    sweep.sweep(market, WANTED, "quarter", 1, kept=files[1], jobs=2)
    sweep.sweep(market, WANTED, "quarter", 1, kept=files[2], scheduler=workers.scheduler_address)
    assert len({path.read_bytes() for path in files}) == 1


def test_what_a_vintage_raises_on_a_worker_is_said_as_here(market: Panel, workers: Any) -> None:
    with pytest.raises(InfeasiblePlan, match=r"^the run from 2014-\d\d-\d\d: the managed accounts: they hold "):
        sweep.sweep(market, TOO_MUCH, "quarter", 1, scheduler=workers.scheduler_address)


def fatal(folder: str, number: int, *, always: bool = False) -> int:
    """Kills its worker at the first call with 2."""
    marker = Path(folder) / "been here"
    if number == 2 and (always or not marker.exists()):
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def fatal_always(folder: str, number: int) -> int:
    return fatal(folder, number, always=True)


@pytest.mark.skipif(os.name == "nt", reason="has no SIGKILL")
def test_what_a_worker_had_in_hand_when_it_died_is_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The only worker: what was shared with it is gone too, and is sent again."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=1, **PLACE) as alone:
        tasks = [(number,) for number in (2, 1, 3)]
        found = cluster.each(alone.scheduler_address, fatal, (str(tmp_path),), tasks)
        assert sorted(found) == [1, 2, 3]
        assert (tmp_path / "been here").exists()
        monkeypatch.setattr(cluster, "TRIES", 1)
        with pytest.raises(DicliError, match=r"its workers die before they return anything. Look at their logs"):
            list(cluster.each(alone.scheduler_address, fatal_always, (str(tmp_path),), tasks[:1]))


def test_what_is_wrong_with_the_workers_is_said(workers: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    address = workers.scheduler_address
    monkeypatch.setattr(cluster, "__version__", "99.0")
    with pytest.raises(DicliError, match=r"this is dicli 99.0, and tcp://\S+ has dicli \S+, tcp://\S+ has dicli"):
        list(cluster.each(address, fatal, ("",), [(1,)]))
    monkeypatch.setattr(cluster, "_check_workers", lambda *_: None)  # one that comes later
    with pytest.raises(DicliError, match=r"a worker has dicli .* this is 99.0. Install the same"):
        list(cluster.each(address, fatal, ("",), [(1,)]))
    monkeypatch.undo()
    monkeypatch.setattr(cluster, "_VERSION", "no_such_package:__version__")
    with pytest.raises(DicliError, match=r"has no dicli, tcp://.* has no dicli. Install the same"):
        list(cluster.each(address, fatal, ("",), [(1,)]))
    monkeypatch.undo()
    assert list(cluster.each(address, fatal, ("",), [(1,)])) == [1]  # no client was left behind to disturb this one


@pytest.mark.usefixtures("quick")
def test_a_scheduler_without_workers_or_another_server_is_said(workers: Any) -> None:
    from distributed import LocalCluster

    with LocalCluster(n_workers=0, **PLACE) as empty, pytest.raises(DicliError, match=r"no workers. Start some: dask"):
        list(cluster.each(empty.scheduler_address, fatal, ("",), [(1,)]))
    worker = next(iter(workers.scheduler_info["workers"]))
    with pytest.raises(DicliError, match=r"no Dask scheduler answers there .it is a Worker.. Start one"):
        list(cluster.each(worker, fatal, ("",), [(1,)]))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(DicliError, match=r"answers there .nothing came in 0 s."):
            list(cluster.each(address, fatal, ("",), [(1,)]))
    with pytest.raises(DicliError, match=r"--scheduler \S+: no Dask scheduler answers there"):
        list(cluster.each(address, fatal, ("",), [(1,)]))  # closed by now
    with pytest.raises(DicliError, match="missing port number"):
        list(cluster.each("nonsense", fatal, ("",), [(1,)]))


def test_an_interrupted_sweep_leaves_the_file_whole_and_the_cluster_free(
    tmp_path: Path, market: Panel, workers: Any
) -> None:
    path = tmp_path / "runs.csv"

    def interrupt(done: int, _whole: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep.sweep(market, WANTED, "quarter", 1, kept=path, scheduler=workers.scheduler_address, progress=interrupt)
    assert len(path.read_text().splitlines()) == 1 + 2 * 2
    assert [entry.name for entry in tmp_path.iterdir()] == ["runs.csv"]
    assert not workers.scheduler.clients.keys() - {"fire-and-forget"}
    assert not workers.scheduler.tasks
