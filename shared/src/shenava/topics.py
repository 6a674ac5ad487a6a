"""The one list of topics: which events, under which key, in how many partitions, and where their dead letters go."""

from dataclasses import dataclass

from shenava import events as e

DEAD_SUFFIX = ".dead"


@dataclass(frozen=True, slots=True)
class Topic:
    """One Kafka topic.

    Attributes:
        partitions: how far a consumer group can spread; changing it later changes which partition a key lands in.
        retention_days: how long the log can be replayed from.
        key: what orders it, in words, for the documents.
    """

    name: str
    events: tuple[type[e.Event], ...]
    key: str
    written_by: str
    read_by: tuple[str, ...]
    partitions: int = 12
    retention_days: int = 30

    @property
    def dead(self) -> str:
        """The topic that keeps what a reader of this one could not handle."""
        return self.name + DEAD_SUFFIX


_LIFECYCLE = (
    e.IssueOpened, e.IssueRouted, e.IssueMentionAdded, e.IssueAcknowledged, e.IssueMovedPrivate, e.IssuePaused,
    e.IssueResumed, e.IssueReassigned, e.IssueResolved, e.IssueReopened, e.IssueClosed,
)  # fmt: skip

MENTIONS_RECEIVED = Topic("mentions.received", (e.MentionReceived,), "brand + conversation", "ingestor", ("sentiment",))
MENTIONS_CLASSIFIED = Topic(
    "mentions.classified",
    (e.MentionClassified,),
    "brand + conversation",
    "sentiment",
    ("router", "metrics-api"),
)
MENTIONS_PASSED = Topic("mentions.passed", (e.MentionPassed,), "brand + conversation", "router", ("metrics-api",))
MENTIONS_CORRECTED = Topic(
    "mentions.corrected", (e.MentionCorrected,), "brand + mention", "ingestor", ("metrics-api",), partitions=6
)
ISSUES_LIFECYCLE = Topic("issues.lifecycle", _LIFECYCLE, "issue", "router", ("sla-watcher", "metrics-api"))
ISSUES_BY_QUEUE = {
    queue: Topic(f"issues.{queue}", (e.IssueRouted,), "issue", "router", ("the teams",), partitions=6)
    for queue in ("customer-care", "content", "product")
}
SLA_ESCALATIONS = Topic(
    "sla.escalations",
    (e.SlaWarned, e.SlaBreached, e.SlaEscalated, e.SlaMet, e.SlaVerdictRevised),
    "issue",
    "sla-watcher",
    ("router", "metrics-api", "the teams"),
)
FACTS_RECORDED = Topic("facts.recorded", (e.FactRecorded,), "brand + kind", "ingestor", ("metrics-api",), partitions=6)

ALL: tuple[Topic, ...] = (
    MENTIONS_RECEIVED,
    MENTIONS_CLASSIFIED,
    MENTIONS_PASSED,
    MENTIONS_CORRECTED,
    ISSUES_LIFECYCLE,
    *ISSUES_BY_QUEUE.values(),
    SLA_ESCALATIONS,
    FACTS_RECORDED,
)
BY_NAME: dict[str, Topic] = {topic.name: topic for topic in ALL}
