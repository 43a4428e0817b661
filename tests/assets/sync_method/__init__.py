"""Fails because a method of an interface is not async, and another is a generator."""
