"""The application that every process of the shop runs; middleware and exception handlers for all of it belong here."""

from fissile import App

app = App(__package__, title="Shop")
