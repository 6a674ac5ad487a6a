"""PostgreSQL: the engine, transactions, and the migration runner that every service with tables shares."""
