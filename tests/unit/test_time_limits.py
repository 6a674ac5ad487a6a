"""Every statement has a time limit; asyncpg takes it from the one that follows an `executemany`.

Its `executemany` may return before the callback that clears its own timer has run; that callback then clears the
timer of the next statement (asyncpg 0.32, `Protocol._on_waiter_completed`). On a half-open connection that statement
waits for ever, and whoever sent it. One statement with `unnest` says the same, and is faster.
"""

from servers import ROOT


def test_no_statement_loses_its_time_limit_to_executemany() -> None:
    sources = [*ROOT.glob("shared/src/**/*.py"), *ROOT.glob("services/*/src/**/*.py")]
    assert sources
    assert [path.as_posix() for path in sources if ".executemany(" in path.read_text("utf-8")] == []
