"""Fails because a route of orders asks for suppliers, which its component does not say it needs."""
