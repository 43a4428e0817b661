"""Fails because the service of orders imports a library that is not installed: the user's own error, shown whole."""
