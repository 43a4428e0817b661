"""Asks prices."""

from fissile import Component

from ..prices.public import Prices

component = Component(needs=[Prices])
