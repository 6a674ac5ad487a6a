"""The ``shenava`` command: what concerns all services together, run by jobs and operators."""

import asyncio
import secrets
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from shenava import topics
from shenava.asyncapi import document
from shenava.db.bootstrap import SCHEMAS, bootstrap
from shenava.dead_letters import commands as dead_letters
from shenava.errors import Transient
from shenava.http.keys import digest, new_key
from shenava.kafka.admin import create_topics
from shenava.settings import InvalidSettings, KafkaSettings, read
from shenava.webhooks.signing import Secret

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
app.add_typer(dead_letters.app, name="dead-letters")


def finish(work: Coroutine[Any, Any, Any]) -> Any:
    """Run ``work``; tell an expected failure in one line and exit with 1."""
    try:
        return asyncio.run(work)
    except (InvalidSettings, Transient, OSError) as error:
        sys.stderr.write(f"shenava: {error}\n")
        raise typer.Exit(1) from None


@app.command("topics")
def topics_command(
    *,
    create: Annotated[bool, typer.Option(help="Create what is missing.")] = False,
    replication: Annotated[int, typer.Option(min=1, max=9)] = 1,
    partitions: Annotated[int | None, typer.Option(help="Instead of each topic's own count.", min=1)] = None,
) -> None:
    """List the topics, or create those that are missing."""
    if create:
        created = finish(create_topics(read(KafkaSettings), replication=replication, partitions=partitions))
        typer.echo(f"{len(created)} topics created")
        return
    for topic in topics.ALL:
        kinds = ", ".join(event.__name__ for event in topic.events)
        typer.echo(
            f"{topic.name}\t{topic.partitions} partitions\tkey: {topic.key}\tdead letters: {topic.dead}\t{kinds}"
        )


@app.command("database")
def database_command(
    admin_dsn: Annotated[str, typer.Option(envvar="SHENAVA_ADMIN_DSN", help="A role that may create roles.")],
    passwords: Annotated[Path, typer.Option(help="YAML: service name to password.", exists=True, dir_okay=False)],
) -> None:
    """Give each service its role and its schema."""
    given = yaml.safe_load(passwords.read_text("utf-8"))
    unknown = set(given) - set(SCHEMAS) if isinstance(given, dict) else {"the file is not a mapping"}
    if unknown:
        sys.stderr.write(f"shenava: {passwords}: unknown {sorted(unknown)}; known services: {sorted(SCHEMAS)}\n")
        raise typer.Exit(1)
    finish(bootstrap(admin_dsn, {service: str(password) for service, password in given.items()}))


@app.command("api-key")
def api_key_command(name: str, scopes: list[str]) -> None:
    """Make an API key: prints the secret once, and the entry for the keys file."""
    key = new_key()
    typer.echo(f"secret: {key}")
    typer.echo(yaml.safe_dump([{"name": name, "scopes": scopes, "sha256": digest(key)}], sort_keys=False).rstrip())


@app.command("webhook-secret")
def webhook_secret_command() -> None:
    """Make a secret to sign webhooks with; the receiver gets the same."""
    typer.echo(str(Secret(secrets.token_bytes(32))))


@app.command("asyncapi")
def asyncapi_command(
    write: Annotated[Path | None, typer.Option(help="Write it here instead of to the terminal.")] = None,
) -> None:
    """Print the AsyncAPI description of the topics, or write it to a file."""
    text = yaml.safe_dump(document(), sort_keys=False, allow_unicode=True, width=120)
    if write is None:
        typer.echo(text)
    else:
        write.write_text(text, "utf-8")


if __name__ == "__main__":
    app()
