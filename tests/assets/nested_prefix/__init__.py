"""Fails because trade has a route under the longer prefix of orders; one beside it is fine."""
