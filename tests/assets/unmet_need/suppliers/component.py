"""Suppliers, which forgot to provide."""

from fissile import Component

component = Component()
