"""Starts, watches, reloads and stops processes."""
