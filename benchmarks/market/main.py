"""The application."""

from fissile import App

app = App(__package__)
