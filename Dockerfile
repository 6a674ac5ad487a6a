# One image per service: docker build --build-arg SERVICE=router -t shenava/router .
# Pin both base images by digest in your own registry's mirror; tags are for reading.
ARG PYTHON=3.13-slim-trixie

FROM python:${PYTHON} AS build
ARG SERVICE
RUN test -n "$SERVICE" || { echo "name the service: --build-arg SERVICE=ingestor|sentiment|router|sla-watcher|metrics-api" >&2; exit 1; }
WORKDIR /src
COPY requirements/installer.lock requirements/installer.lock
RUN python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/installer.lock
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
RUN uv venv /app
# The dependencies change less often than our own code, so they are a layer of their own.
COPY requirements/${SERVICE}.lock requirements/build.lock requirements/
RUN --mount=type=cache,target=/root/.cache/uv \
    uv pip sync --python /app/bin/python --require-hashes requirements/${SERVICE}.lock \
 && uv pip install --system --require-hashes -r requirements/build.lock
COPY shared shared
COPY services/${SERVICE} services/${SERVICE}
RUN --mount=type=cache,target=/root/.cache/uv \
    uv build --wheel --no-build-isolation --out-dir /wheels shared \
 && uv build --wheel --no-build-isolation --out-dir /wheels services/${SERVICE} \
 && uv pip install --python /app/bin/python --no-deps /wheels/*.whl \
 && ln -s "/app/bin/${SERVICE}" /app/bin/service

FROM python:${PYTHON}
ARG SERVICE
LABEL org.opencontainers.image.title="shenava-${SERVICE}" org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /app /app
ENV PATH=/app/bin:$PATH PYTHONUNBUFFERED=1 SHENAVA_HTTP_HOST=0.0.0.0 SHENAVA_HTTP_PORT=8000
# A number, so that Kubernetes can prove it is not root.
USER 65532:65532
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"]
ENTRYPOINT ["/app/bin/service"]
CMD ["run"]
