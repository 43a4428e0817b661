"""Fails because orders, billing and stock need each other in a circle; users, which needs one of them, does not."""
