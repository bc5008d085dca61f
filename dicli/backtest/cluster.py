"""Work on a Dask cluster: shared once, results as they come, and what is wrong with the cluster said before any work.

Dask repeats what a worker had in hand when it died; where the last worker that had the shared part is gone, it is sent
again. Nothing here knows what the work is.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import pkgutil
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any, TypeVar

from dicli import __version__
from dicli.errors import DicliError, Fault

if TYPE_CHECKING:
    from distributed import Client, Future

T = TypeVar("T")

SECONDS = 10.0
"""How long a scheduler may take to answer."""

TRIES = 3
"""How often in a row all workers may die without a result."""

_VERSION = "dicli:__version__"
_SHOWN = 5
_DIES = "Look at their logs: often it is memory, and fewer workers on each machine help."
_INSTALL = "Install the same dicli[cluster] wherever a worker runs."


def each(
    address: str, work: Callable[..., T], shared: Sequence[object], tasks: Sequence[tuple[Any, ...]]
) -> Generator[T]:
    """work(*shared, *task) of every task on the cluster of the scheduler at `address`, in the order in which they end.

    Raises DicliError where the scheduler does not answer or is lost, where it has no workers, where one has no dicli or
    another one, and where workers die of a task again and again; what `work` raises comes as it is. The client is
    closed and what still runs is cancelled however this ends: close the iterator where it is left early.
    """
    where = f"--scheduler {address}"
    with _client(address, where) as client:
        _check_workers(client, address, where)
        left, fruitless = list(tasks), 0
        while left:
            before = len(left)
            with contextlib.closing(_round(client, where, work, shared, left)) as done:
                for task, found in done:
                    left.remove(task)
                    yield found
            fruitless = 0 if len(left) < before else fruitless + 1
            if left and client.status != "running":
                raise DicliError(Fault(where, "the scheduler is gone", "Start it and run the same again."))
            if fruitless == TRIES:
                raise DicliError(Fault(where, "its workers die before they return anything", _DIES))


def _on_worker(version: str, work: Callable[..., T], *arguments: object) -> T:
    """One task, where it runs: a worker may have come after all were looked at."""
    if version != __version__:
        raise DicliError(Fault("--scheduler", f"a worker has dicli {__version__}, and this is {version}", _INSTALL))
    return work(*arguments)


def _round(
    client: Client, where: str, work: Callable[..., T], shared: Sequence[object], tasks: Sequence[tuple[Any, ...]]
) -> Generator[tuple[tuple[Any, ...], T]]:
    """Send the shared part, and what can be done with it; less than all where every worker that had it is gone."""
    from distributed import as_completed
    from distributed.scheduler import KilledWorker

    try:
        places = client.scatter(list(shared), broadcast=True, hash=False)
    except OSError:  # no worker is left, or no scheduler
        return
    futures: dict[Future[T], tuple[Any, ...]] = {
        client.submit(_on_worker, __version__, work, *places, *task, pure=False): task for task in tasks
    }
    try:
        for future in as_completed(list(futures), loop=client.loop):
            task = futures.pop(future)  # what is taken is not made again where its worker dies later
            try:
                found = future.result()
            except CancelledError:
                continue
            yield task, found
    except KilledWorker:
        raise DicliError(Fault(where, "worker after worker dies of the same task", _DIES)) from None
    finally:
        with contextlib.suppress(OSError):
            client.cancel(list(futures))


@contextlib.contextmanager
def _client(address: str, where: str) -> Iterator[Client]:
    try:
        from distributed import Client
    except ImportError:
        what, remedy = "a Dask cluster needs distributed", 'pip install "dicli[cluster]", or use --jobs.'
        raise DicliError(Fault(where, what, remedy)) from None
    try:
        kind = asyncio.run(asyncio.wait_for(_kind(address), SECONDS))
        if kind != "Scheduler":
            raise ValueError(f"it is a {kind}")
        logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # what it would log is raised here
        client = Client(address, timeout=SECONDS, set_as_default=False)
    # whatever a server that speaks another language makes of the question, up to a MemoryError
    except Exception as error:
        silent = isinstance(error, TimeoutError) or not str(error).strip()
        said = f"nothing came in {SECONDS:.0f} s" if silent else str(error).strip().rstrip(".")
        remedy = "Start one with `dask scheduler`, and give the tcp://… that it prints."
        raise DicliError(Fault(where, f"no Dask scheduler answers there ({said})", remedy)) from None
    try:
        yield client
    finally:
        client.close(timeout=SECONDS)


async def _kind(address: str) -> str:
    """Who answers: "Scheduler", "Worker" or "Nanny". Client itself would wait for ever for a server of another sort."""
    from distributed import Security
    from distributed.core import rpc

    async with rpc(address, connection_args=Security().get_connection_args("client")) as server:
        return str((await server.identity())["type"])


def _check_workers(client: Client, address: str, where: str) -> None:
    """Raise DicliError unless there are workers and all have this dicli."""
    try:
        client.wait_for_workers(1, timeout=SECONDS)
    except TimeoutError:
        remedy = f"Start some: dask worker {address} --nthreads 1"
        raise DicliError(Fault(where, "it has no workers", remedy)) from None
    found = client.run(pkgutil.resolve_name, _VERSION, on_error="return")
    wrong = [
        f"{worker} has {'no dicli' if isinstance(version, Exception) else f'dicli {version}'}"
        for worker, version in sorted(found.items())
        if version != __version__
    ]
    if wrong:
        more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        what = f"this is dicli {__version__}, and {', '.join(wrong[:_SHOWN])}{more}"
        raise DicliError(Fault(where, what, _INSTALL))
