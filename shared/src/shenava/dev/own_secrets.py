"""The secrets of a stack: made once, in a folder that only its owner reads, and kept for its next start."""

import secrets
from base64 import b64encode
from pathlib import Path

import yaml

from shenava.http.keys import digest, new_key

SCOPES = (
    "mentions:write", "facts:write", "corrections:write", "issues:read", "issues:write", "sla:read", "metrics:read",
)  # fmt: skip


class OwnSecrets:
    """What lies in ``directory``.

    Attributes:
        api_key: the file with the key for every service's routes.
        api_keys: what the services know of it.
        webhook: the file with the secret that webhooks are signed with.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.api_key = directory / "api-key"
        self.api_keys = directory / "api-keys.yaml"
        self.webhook = directory / "webhook-secret"

    def write(self) -> None:
        """Make what is not there yet."""
        self._directory.mkdir(mode=0o700, exist_ok=True)
        _write_once(self.api_key, new_key())
        _write_once(self.webhook, "whsec_" + b64encode(secrets.token_bytes(32)).decode())
        keys = [{"name": "demo", "scopes": list(SCOPES), "sha256": digest(self.api_key.read_text("utf-8"))}]
        self.api_keys.write_text(yaml.safe_dump(keys), "utf-8")


def _write_once(path: Path, text: str) -> None:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(text, "utf-8")
