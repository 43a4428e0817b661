"""Fails because orders needs an interface that suppliers has but does not provide."""
