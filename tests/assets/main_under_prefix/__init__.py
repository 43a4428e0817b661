"""Fails because main.py has a route under the prefix of orders, which would never answer."""
