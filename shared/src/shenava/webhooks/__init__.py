"""Standard Webhooks 1.0: prepare (pure), one attempt (I/O), classify (pure); what is recorded is the caller's SQL."""
