"""Sample: a backend of components."""
