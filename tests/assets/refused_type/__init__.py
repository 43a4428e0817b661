"""Fails because types that cannot cross a boundary without loss stand in a value, a parameter and a result."""
