"""Fails for several reasons, said at once: prefix, route of main.py, need, sync method, method left out, setting."""
