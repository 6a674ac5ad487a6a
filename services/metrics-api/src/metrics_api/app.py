"""The HTTP surface of the metrics service."""

from fastapi import FastAPI

from metrics_api.bodies import STRUCTS
from metrics_api.routes import Numbers, routes
from shenava import __version__
from shenava.db.database import Database
from shenava.http.keys import ApiKeys
from shenava.http.openapi import describe

ABOUT = """Answers with numbers that are counted from the events, each with its formula, its formula's version and the
ids of the mentions and issues behind it."""


def create_app(database: Database, keys: ApiKeys) -> FastAPI:
    """The application without probes and problem details, which ``shenava.service`` adds."""
    app = FastAPI(
        title="Shenava metrics-api",
        version=__version__,
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    app.include_router(routes(Numbers(database), keys))
    describe(app, STRUCTS)
    return app
