"""Fails for several reasons, said at once: a prefix, a need, a sync method, a method left out, a missing setting."""
