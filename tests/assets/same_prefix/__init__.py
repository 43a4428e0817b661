"""Fails because orders and returns want the same URL prefix: a request could not find its component."""
