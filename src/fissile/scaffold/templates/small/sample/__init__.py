"""Notes, kept in a database."""
