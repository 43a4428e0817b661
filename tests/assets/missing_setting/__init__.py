"""Fails because orders needs a key that nobody set, and the .env of billing has a wrong value and a mistyped name."""
