"""Wrong settings and files, one at a time: which service is given them, and what it must say."""

from dataclasses import dataclass, field

SETTINGS = 2
FAILED = 1


@dataclass(frozen=True)
class Case:
    """One thing wrong with an otherwise good environment.

    Attributes:
        environment: what differs; None takes a variable away, and ``{name}`` is replaced by what the test knows of the
            running system, or by the path of one of ``files``.
        files: their contents, by name.
        words: all of them must be in the one line that is told.
        silent: what must not be in it.
    """

    name: str
    service: str
    environment: dict[str, str | None]
    words: tuple[str, ...]
    files: dict[str, str] = field(default_factory=dict)
    code: int = SETTINGS
    command: str = "run"
    silent: str | None = None


_POLICY = """
ladders:
  default:
    - {name: breach, kind: breach, offset: "0"}
policies:
  - {name: standard, triage: {target: 12h}, resolution: {target: 24h}, colour: blue}
"""
_RULEBOOK = """
queues: {customer-care: {owner: care}, content: {owner: content}, product: {owner: product}}
attention: {default: true}
rules:
  - {id: all, when: WHEN, queue: QUEUE}
fallback: {queue: customer-care}
"""
_ENDPOINT = """
- id: desk
  url: URL
  secrets: [{secret_env: SHENAVA_TEST_HOOK}]
"""
_SECRET = "whsec_" + "c2VjcmV0" * 6
_HOOK: dict[str, str | None] = {"SHENAVA_ROUTER_ENDPOINTS": "{endpoints}", "SHENAVA_TEST_HOOK": _SECRET}


def _rulebook(when: str, queue: str = "customer-care") -> dict[str, str]:
    return {"rulebook": _RULEBOOK.replace("WHEN", when).replace("QUEUE", queue)}


def _endpoint(url: str) -> dict[str, str]:
    return {"endpoints": _ENDPOINT.replace("URL", url)}


_OF_ANY_SERVICE = (
    Case("a port that is none", "ingestor", {"SHENAVA_HTTP_PORT": "70000"}, ("SHENAVA_HTTP_PORT", "65535")),
    Case(
        "a port that is taken",
        "ingestor",
        {"SHENAVA_HTTP_PORT": "{taken_port}"},
        ("cannot listen", "{taken_port}", "SHENAVA_HTTP_PORT"),
        code=FAILED,
    ),
    Case(
        "a host that is none", "ingestor", {"SHENAVA_HTTP_HOST": "nowhere.invalid"}, ("SHENAVA_HTTP_HOST",), code=FAILED
    ),
    Case("an unknown log level", "sentiment", {"SHENAVA_LOG_LEVEL": "LOUD"}, ("SHENAVA_LOG_LEVEL", "DEBUG|INFO")),
    Case("a length of time that is none", "router", {"SHENAVA_DRAIN_TIMEOUT": "soon"}, ("SHENAVA_DRAIN_TIMEOUT",)),
    Case("no folder of secrets", "router", {"SHENAVA_SECRETS_DIR": "{nowhere}"}, ("SHENAVA_SECRETS_DIR", "{nowhere}")),
    Case(
        "no file of API keys",
        "ingestor",
        {"SHENAVA_API_KEYS_FILE": "{nowhere}"},
        ("SHENAVA_API_KEYS_FILE", "{nowhere}"),
    ),
    Case(
        "a plain API key",
        "router",
        {"SHENAVA_API_KEYS_FILE": "{keys}"},
        ("{keys}", "sha256"),
        files={"keys": "- {name: desk, scopes: ['issues:read'], sha256: shn_plain-secret}"},
        silent="shn_plain-secret",
    ),
)
_OF_KAFKA = (
    Case(
        "nobody listens where Kafka should be",
        "ingestor",
        {"SHENAVA_KAFKA_BOOTSTRAP": "127.0.0.1:{free_port}"},
        ("127.0.0.1:{free_port}", "SHENAVA_KAFKA_BOOTSTRAP"),
        code=FAILED,
    ),
    Case(
        "something else listens where Kafka should be",
        "ingestor",
        {"SHENAVA_KAFKA_BOOTSTRAP": "127.0.0.1:{taken_port}", "SHENAVA_KAFKA_REQUEST_TIMEOUT": "2s"},
        ("127.0.0.1:{taken_port}", "SHENAVA_KAFKA_BOOTSTRAP"),
        code=FAILED,
    ),
    Case("a Kafka without a port", "ingestor", {"SHENAVA_KAFKA_BOOTSTRAP": "kafka:port"}, ("SHENAVA_KAFKA_BOOTSTRAP",)),
    Case(
        "an unknown protocol",
        "router",
        {"SHENAVA_KAFKA_SECURITY_PROTOCOL": "TLS"},
        ("SHENAVA_KAFKA_SECURITY_PROTOCOL", "SASL_SSL"),
    ),
    Case(
        "a login without a password",
        "ingestor",
        {"SHENAVA_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT", "SHENAVA_KAFKA_SASL_USERNAME": "router"},
        ("SHENAVA_KAFKA_SASL_PASSWORD",),
    ),
    Case(
        "no file of authorities",
        "ingestor",
        {"SHENAVA_KAFKA_SECURITY_PROTOCOL": "SSL", "SHENAVA_KAFKA_SSL_CA_FILE": "{nowhere}"},
        ("SHENAVA_KAFKA_SSL_CA_FILE", "{nowhere}"),
    ),
)
_OF_POSTGRESQL = (
    Case("no DSN", "router", {"SHENAVA_POSTGRES_DSN": None}, ("SHENAVA_POSTGRES_DSN", "required", "postgresql://")),
    Case("a DSN of another database", "metrics-api", {"SHENAVA_POSTGRES_DSN": "mysql://a:secret@b/c"},
         ("SHENAVA_POSTGRES_DSN", "postgresql://"), silent="secret"),
    Case("migrating without a DSN", "router", {"SHENAVA_POSTGRES_DSN": None},
         ("SHENAVA_POSTGRES_DSN",), command="migrate"),
    Case(
        "migrating where nobody listens",
        "sla-watcher",
        {"SHENAVA_POSTGRES_DSN": "postgresql://a:secret@127.0.0.1:{free_port}/b"},
        ("postgresql is away", "127.0.0.1", "{free_port}", "SHENAVA_POSTGRES_DSN"),
        command="migrate",
        code=FAILED,
        silent="secret",
    ),
    Case(
        "migrating with a wrong password",
        "metrics-api",
        {"SHENAVA_POSTGRES_DSN": "{dsn_with_wrong_password}"},
        ("postgresql", "password", "SHENAVA_POSTGRES_DSN"),
        command="migrate",
        code=FAILED,
        silent="wrong-secret",
    ),
)  # fmt: skip
_OF_ONE_SERVICE = (
    Case("no rulebook", "router", {"SHENAVA_ROUTER_RULEBOOK": None}, ("SHENAVA_ROUTER_RULEBOOK", "required")),
    Case(
        "a rulebook that is not there",
        "router",
        {"SHENAVA_ROUTER_RULEBOOK": "{nowhere}"},
        ("{nowhere}", "cannot be read", "SHENAVA_ROUTER_RULEBOOK"),
    ),
    Case(
        "a rule that is no CEL",
        "router",
        {"SHENAVA_ROUTER_RULEBOOK": "{rulebook}"},
        ("{rulebook}:5", "rules[0].when"),
        files=_rulebook("'sentiment =='"),
    ),
    Case(
        "a rule for an unknown queue",
        "router",
        {"SHENAVA_ROUTER_RULEBOOK": "{rulebook}"},
        ("{rulebook}:5", "rules[0].queue"),
        files=_rulebook("'true'", "kitchen"),
    ),
    Case(
        "endpoints that are not there",
        "router",
        {"SHENAVA_ROUTER_ENDPOINTS": "{nowhere}"},
        ("{nowhere}", "SHENAVA_ROUTER_ENDPOINTS"),
    ),
    Case("an endpoint with plain http", "router", _HOOK, ("{endpoints}", "url", "https"),
         files=_endpoint("http://desk.example/hook")),
    Case("an endpoint whose secret is not set", "router", {**_HOOK, "SHENAVA_TEST_HOOK": None},
         ("{endpoints}", "SHENAVA_TEST_HOOK", "not set"), files=_endpoint("https://desk.example/hook")),
    Case("an endpoint whose secret is none", "router", {**_HOOK, "SHENAVA_TEST_HOOK": "hunter2"},
         ("{endpoints}", "SHENAVA_TEST_HOOK", "whsec_"), files=_endpoint("https://desk.example/hook"),
         silent="hunter2"),
    Case("webhook authorities that are not there", "router", {"SHENAVA_WEBHOOK_CA_FILE": "{nowhere}"},
         ("SHENAVA_WEBHOOK_CA_FILE", "{nowhere}")),
    Case("a policy that is not there", "sla-watcher", {"SHENAVA_SLA_POLICY": "{nowhere}"},
         ("{nowhere}", "SHENAVA_SLA_POLICY")),
    Case("a policy with an unknown key", "sla-watcher", {"SHENAVA_SLA_POLICY": "{policy}"},
         ("{policy}", "policies", "colour"), files={"policy": _POLICY}),
    Case("a clock that stands", "sla-watcher", {"SHENAVA_SLA_CLOCK_SPEED": "0"}, ("SHENAVA_SLA_CLOCK_SPEED",)),
    Case("a model that is not there", "sentiment", {"SHENAVA_SENTIMENT_MODEL": "{nowhere}"},
         ("{nowhere}", "SHENAVA_SENTIMENT_MODEL")),
    Case("a model without its files", "sentiment", {"SHENAVA_SENTIMENT_MODEL": "{folder}"},
         ("{folder}", "config.json", "SHENAVA_SENTIMENT_MODEL")),
    Case("labels that are no JSON", "sentiment", {"SHENAVA_SENTIMENT_LABEL_MAP": "LABEL_0=negative"},
         ("SHENAVA_SENTIMENT_LABEL_MAP", "JSON")),
)  # fmt: skip

CASES = (*_OF_ANY_SERVICE, *_OF_KAFKA, *_OF_POSTGRESQL, *_OF_ONE_SERVICE)
