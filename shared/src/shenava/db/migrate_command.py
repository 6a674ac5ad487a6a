"""What the ``migrate`` command of every service does."""

import asyncio
import sys
from pathlib import Path

from shenava.db.migrate import migrate
from shenava.errors import Fatal, Transient
from shenava.service import Exit
from shenava.settings import InvalidSettings, PostgresSettings, read


def run_migrations(name: str, *, schema: str, migrations: Path) -> Exit:
    """Bring the schema of the service called ``name`` to its newest revision; what fails is told in one line."""
    try:
        asyncio.run(migrate(read(PostgresSettings), schema=schema, migrations=migrations))
    except InvalidSettings as error:
        return _told(name, str(error), Exit.BAD_SETTINGS)
    except Fatal as error:
        return _told(name, str(error), Exit.FAILED)
    except Transient as error:
        return _told(name, f"{error}; run it again once SHENAVA_POSTGRES_DSN names a server that answers", Exit.FAILED)
    return Exit.CLEAN


def _told(name: str, why: str, code: Exit) -> Exit:
    sys.stderr.write(f"{name}: {why}\n")
    return code
