"""What every HTTP surface shares: probes, problem details, API keys, request limits."""
