"""The HTTP surface of the sla-watcher."""

from fastapi import FastAPI

from shenava import __version__
from shenava.db.database import Database
from shenava.http.keys import ApiKeys
from shenava.http.openapi import describe
from sla_watcher.routes import routes
from sla_watcher.views import ClockSummary, ClockView, IssueClocks, LevelView

ABOUT = "Shows the clocks of issues: when each promise runs out, what was missed, and who is told when."


def create_app(database: Database, keys: ApiKeys, version: str) -> FastAPI:
    """The application without probes and problem details, which ``shenava.service`` adds.

    The policies in force are of ``version``.
    """
    app = FastAPI(
        title="Shenava sla-watcher",
        version=__version__,
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    app.include_router(routes(database, keys, version))
    describe(app, (IssueClocks, ClockView, LevelView, ClockSummary))
    return app
