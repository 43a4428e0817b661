"""Fails because a class that implements an interface leaves one method out and writes two otherwise."""
