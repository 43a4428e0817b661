"""Fails because the component.py of orders declares nothing, and Returns is a name that no component can have."""
