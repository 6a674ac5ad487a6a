"""Every Prometheus metric of the system, in one place; no other file names one.

Labels come from closed lists only: a topic, a partition, a queue, an outcome. Never an author, an id, a URL or
a text. Buckets are aligned with the service objectives, so that each objective is a bucket's edge.
"""

from prometheus_client import Counter, Gauge, Histogram, Info

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_AGE = (0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600, 43200, 86400)

BUILD = Info("shenava_build", "Name and version of the running service")

CONSUMED = Counter("shenava_consumer_records", "Records finished by the consumer loop", ["topic", "outcome"])
CONSUMER_BATCH = Histogram("shenava_consumer_batch_seconds", "Time one batch took in the handler", buckets=_FAST)
CONSUMER_RETRIES = Counter("shenava_consumer_retries", "Batches put aside to be tried again", ["topic"])
CONSUMER_LAG = Gauge("shenava_consumer_lag_records", "Records written but not yet read", ["topic", "partition"])
CONSUMER_PARKED = Gauge("shenava_consumer_parked_partitions", "Partitions paused until a retry")
CONSUMER_PROGRESS = Gauge("shenava_consumer_last_progress_timestamp_seconds", "When an offset last moved")
CONSUMER_COMMIT_FAILURES = Counter("shenava_consumer_commit_failures", "Offset commits refused or timed out")
CONSUMER_CAREFUL = Gauge("shenava_consumer_careful_partitions", "Read record by record to find what kills the process")
QUARANTINED = Counter("shenava_consumer_quarantined_records", "Records put aside as they kill the process", ["topic"])
OUT_OF_RANGE = Counter("shenava_consumer_offsets_out_of_range", "Offsets that the log has not got", ["topic", "cause"])
NEVER_READ = Counter("shenava_consumer_records_never_read", "Records gone before they were read", ["topic"])
EVENT_AGE = Histogram("shenava_event_age_seconds", "From a fact to its handling here", ["topic"], buckets=_AGE)
DEAD_LETTERS = Counter("shenava_dead_letters", "Records put aside with their origin", ["topic", "reason"])

PRODUCED = Counter("shenava_producer_records", "Records written", ["topic", "outcome"])
PRODUCER_RENEWALS = Counter("shenava_producer_renewals", "Producer clients replaced after a failure")

OUTBOX_RELAYED = Counter("shenava_outbox_relayed_rows", "Rows sent and removed")
OUTBOX_PENDING = Gauge("shenava_outbox_pending_rows", "Rows staged and not yet sent")
OUTBOX_OLDEST = Gauge("shenava_outbox_oldest_seconds", "Age of the oldest row not yet sent")
OUTBOX_ACTIVE = Gauge("shenava_outbox_relay_active", "1 in the replica that relays")

HTTP_REQUESTS = Counter("shenava_http_requests", "Requests answered", ["route", "method", "status"])
HTTP_SECONDS = Histogram("shenava_http_request_seconds", "Time to answer", ["route", "method"], buckets=_FAST)

INGESTED = Counter("shenava_ingest_items", "Items taken in or refused", ["kind", "outcome"])
INGEST_WAITING = Gauge("shenava_ingest_waiting_records", "Records not yet acknowledged by Kafka")

CLASSIFIED = Counter("shenava_sentiment_classified_mentions", "Mentions by outcome", ["language", "outcome"])
INFERENCE = Histogram("shenava_sentiment_inference_seconds", "Time of one batch in the model", buckets=_FAST)
MODEL = Info("shenava_sentiment_model", "The model that is loaded")
REMEMBERED = Counter("shenava_sentiment_texts", "Texts and clauses for the model, asked or remembered", ["answer"])
SHADOW = Counter("shenava_sentiment_shadow_mentions", "Mentions for the second model, by what became", ["outcome"])
SHADOW_PAIRS = Counter("shenava_sentiment_shadow_pairs", "What both models said", ["language", "live", "shadow"])
SHADOW_INFERENCE = Histogram("shenava_sentiment_shadow_seconds", "Time of one batch in the second model", buckets=_FAST)
SHADOW_MODEL = Info("shenava_sentiment_shadow_model", "The second model")

ISSUES = Counter("shenava_router_issues", "Issues opened, by queue", ["queue"])
ISSUES_FALLBACK = Counter("shenava_router_fallback_issues", "Issues no ownership rule matched")
RULE_ERRORS = Counter("shenava_router_rule_errors", "Rules that failed while being evaluated", ["rule"])
MENTIONS_MERGED = Counter("shenava_router_merged_mentions", "Mentions that joined an open issue")
MENTIONS_PASSED = Counter("shenava_router_passed_mentions", "Mentions nobody must act on", ["rule"])
RULEBOOK = Info("shenava_router_rulebook", "The rulebook in force")
RULEBOOK_CHANGES = Counter("shenava_router_rulebook_changes", "New rulebook files by outcome", ["outcome"])
WEBHOOK_ATTEMPTS = Counter("shenava_webhook_attempts", "HTTP calls by outcome", ["endpoint", "outcome"])
WEBHOOK_SECONDS = Histogram("shenava_webhook_attempt_seconds", "Time of one call", ["endpoint"], buckets=_FAST)
WEBHOOK_PENDING = Gauge("shenava_webhook_pending_deliveries", "Deliveries not yet ended", ["endpoint"])
WEBHOOK_OLDEST = Gauge("shenava_webhook_oldest_pending_seconds", "Age of the oldest one not yet ended", ["endpoint"])
WEBHOOK_DISABLED = Gauge("shenava_webhook_disabled", "1 while nothing is sent until somebody enables it", ["endpoint"])

SLA_FIRED = Counter("shenava_sla_fired_levels", "Ladder levels fired", ["clock", "kind"])
SLA_ENDED = Counter("shenava_sla_ended_clocks", "Clocks stopped", ["clock", "kept"])
SLA_REVISED = Counter("shenava_sla_revised_verdicts", "Deadlines or verdicts that were revised", ["clock", "reason"])
SLA_LATENESS = Histogram("shenava_sla_lateness_seconds", "From due to fired", buckets=_FAST)
SLA_OLDEST_DUE = Gauge("shenava_sla_oldest_due_seconds", "How overdue the oldest unfired due level is; 0 if none")
SLA_RUNNING = Gauge("shenava_sla_running_clocks", "Clocks running", ["clock"])
SLA_POLICY = Info("shenava_sla_policy", "The policies in force")

PROJECTED = Counter("shenava_projection_events", "Events written into the numbers", ["topic", "outcome"])
METRIC_VALUE = Gauge("shenava_metric_value", "Headline numbers of the catalogue", ["metric", "brand"])
