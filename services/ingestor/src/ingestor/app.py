"""The HTTP surface of the ingestor."""

import os
import sys

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig

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
        telemetry=_telemetry(),
    )
    add_routes(app, submissions)
    describe(app, STRUCTS)
    return app


def _telemetry() -> TelemetryConfig | None:
    """FastAPI looks for OpenTelemetry at every request, for a twentieth of its cost; ours does if there can be any."""
    if "opentelemetry.sdk" in sys.modules or any(name.startswith("OTEL_") for name in os.environ):
        return None
    return {"tracing": False, "metrics": False, "logs": False}
