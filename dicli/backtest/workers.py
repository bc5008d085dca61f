"""The same work on many tasks: one after the other, on the cores there are, or on a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any, TypeAlias, TypeVar

from dicli.backtest import cluster
from dicli.errors import DicliError, Fault

T = TypeVar("T")
Progress: TypeAlias = Callable[[int, int], None]
"""Told how many tasks of how many are done."""


def each(
    work: Callable[..., T],
    shared: Sequence[object],
    tasks: Sequence[tuple[Any, ...]],
    *,
    jobs: int | None = None,
    scheduler: str | None = None,
) -> Generator[T]:
    """work(*shared, *task) of every task, in the order in which they end; on so many cores, all by default, or on the
    Dask cluster of `scheduler`. Close it where it is left early.

    Raises DicliError where several cores are asked for and joblib is not there, and as `cluster.each` does.
    """
    if not tasks:
        return
    if scheduler is not None:
        yield from cluster.each(scheduler, work, shared, tasks)
        return
    jobs = min(jobs or cores(), len(tasks))
    if jobs < 2:
        for task in tasks:
            yield work(*shared, *task)
        return
    try:
        from joblib import Parallel, delayed
    except ImportError:
        raise DicliError(
            Fault("--jobs", "running on several cores needs joblib", 'pip install "dicli[sweep]", or give --jobs 1.')
        ) from None
    # arrays in what is shared are written once to shared memory, whatever the number of tasks
    many = Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size=1)
    yield from many(delayed(work)(*shared, *task) for task in tasks)


def cores() -> int:
    """The processors that this process may use; 1 without joblib, which would share the work among them."""
    try:
        from joblib import cpu_count
    except ImportError:
        return 1
    return int(cpu_count())
