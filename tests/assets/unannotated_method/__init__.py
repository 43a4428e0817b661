"""Fails because a method of an interface does not say the types of its parameters, nor what it returns."""
