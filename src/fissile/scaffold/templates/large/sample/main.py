"""The application that every process runs; middleware and exception handlers for all of it belong here."""

from fissile import App

app = App(__package__, title="Sample")
