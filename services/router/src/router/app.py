"""The HTTP surface of the router."""

from fastapi import FastAPI

from router.answers import IssueDetail, IssuePage
from router.desk import IssueDesk
from router.issue import Issue
from router.routes import routes
from shenava import __version__
from shenava.http.openapi import describe

ABOUT = """The return path: people and support tools say what was done about an issue, and the clocks follow.

Every command may be repeated: what is so already is answered with 200 and changes nothing."""


def create_app(desk: IssueDesk) -> FastAPI:
    """The application without probes and problem details, which ``shenava.service`` adds."""
    app = FastAPI(
        title="Shenava router",
        version=__version__,
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    app.include_router(routes(desk))
    describe(app, (Issue, IssueDetail, IssuePage))
    return app
