"""Logs and metrics: how a service tells what it is doing."""
