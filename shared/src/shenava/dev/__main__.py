"""``python -m shenava.dev``: the demo, and the stack kept running."""

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from shenava.dev.demo import DemoFailed, Sample, demo
from shenava.dev.directories import run_directory
from shenava.dev.java import JavaNotFoundError
from shenava.dev.kafka_jars import KafkaJarError, kafka_classpath
from shenava.dev.processes import ServerStartError
from shenava.dev.show import addresses
from shenava.dev.stack import UP_PORTS, Plan, Stack
from shenava.telemetry.logging import configure

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)

console = Console()
EXPECTED = (DemoFailed, ServerStartError, JavaNotFoundError, KafkaJarError, OSError)
Speed = Annotated[float, typer.Option(help="The policy's durations are divided by it.", min=1)]
Config = Annotated[Path, typer.Option(help="Folder with the rulebook, policy, endpoints and sample.", exists=True)]


@app.command("demo")
def demo_command(
    *,
    clock_speed: Speed = 5400.0,
    config: Config = Path("config"),
    keep: Annotated[bool, typer.Option("--keep", help="Leave the stack running after the summary.")] = False,
    golden: Annotated[
        bool, typer.Option("--write-golden", help="Freeze this run's counts as the golden file.")
    ] = False,
) -> None:
    """Run the loop on the sample mentions and show the summary."""
    directory = run_directory("demo")
    shutil.rmtree(directory, ignore_errors=True)  # the demo always begins with empty servers
    plan = Plan(directory, config.resolve(), clock_speed, ports=UP_PORTS if keep else {})
    _run(_demo(plan, keep=keep, golden=golden))


@app.command("up")
def up_command(*, clock_speed: Speed = 1.0, config: Config = Path("config")) -> None:
    """Keep the whole stack running until Ctrl-C; its data stays for the next time."""
    _run(_up(Plan(run_directory("up"), config.resolve(), clock_speed, durable=True, ports=UP_PORTS)))


def _run(work: Coroutine[Any, Any, bool]) -> None:
    configure("demo", level="WARNING", form="console")
    try:
        good = asyncio.run(work)
    except TimeoutError:
        console.print("[red]failed:[/red] the loop stood still; the services' logs are in .shenava/demo/logs")
        raise typer.Exit(1) from None
    except EXPECTED as error:
        console.print(f"[red]failed:[/red] {error}", highlight=False)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        console.print("stopped")
        raise typer.Exit(130) from None
    raise typer.Exit(0 if good else 1)


async def _demo(plan: Plan, *, keep: bool, golden: bool) -> bool:
    sample = Sample.of(plan.config / "sample")
    async with _started(plan) as stack:
        good = await unless_it_ends(stack, demo(stack, sample, console, write_golden=golden))
        if keep:
            await _until_interrupted(stack)
    return good


async def _up(plan: Plan) -> bool:
    async with _started(plan) as stack:
        await _until_interrupted(stack)
    return True


@asynccontextmanager
async def _started(plan: Plan) -> AsyncIterator[Stack]:
    """The running stack; says on the terminal what it is doing while it starts and stops."""
    with console.status("looking for Apache Kafka") as status:
        await asyncio.to_thread(kafka_classpath, lambda done, total, _: status.update(f"Kafka: {done}/{total} jars"))
        stack = Stack(plan, report=status.update)
        try:
            await stack.start()
        except BaseException:
            await stack.stop()
            raise
    try:
        yield stack
    finally:
        with console.status("stopping"):
            await stack.stop()


async def _until_interrupted(stack: Stack) -> None:
    """Until Ctrl-C, or until a service ends by itself."""
    console.print(addresses("Running"))
    console.print(f"API key: {stack.api_key_file}; send it as 'Authorization: Bearer ...'", highlight=False)
    console.print("Ctrl-C stops everything.")
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await unless_it_ends(stack, stop.wait())


async def unless_it_ends(stack: Stack, work: Coroutine[Any, Any, bool]) -> bool:
    """The result of ``work``, which needs all the services.

    Raises:
        ServerStartError: a service ended by itself meanwhile; the message has the end of its log.
    """
    working = asyncio.create_task(work)
    exiting = asyncio.create_task(stack.wait_for_exit())
    await asyncio.wait([working, exiting], return_when=asyncio.FIRST_COMPLETED)
    if working.done():
        exiting.cancel()
        return working.result()
    working.cancel()
    ended = exiting.result()
    raise ServerStartError(f"{ended.name} ended with {ended.code}:\n{ended.last_lines}")


if __name__ == "__main__":
    app()
