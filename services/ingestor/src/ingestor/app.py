"""The HTTP surface of the ingestor."""

from fastapi import FastAPI

from ingestor.described import ABOUT, STRUCTS
from ingestor.routes import Submissions, add_routes
from shenava import __version__
from shenava.http.openapi import describe


def create_app(submissions: Submissions) -> FastAPI:
    """The application without probes and problem details, which ``shenava.service`` adds."""
    app = FastAPI(
        title="Shenava ingestor",
        version=__version__,
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        generate_unique_id_function=lambda route: route.name,
    )
    add_routes(app, submissions)
    describe(app, STRUCTS)
    return app
