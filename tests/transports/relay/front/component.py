"""Needs both, so that a process with front alone can ask them."""

from fissile import Component

from ..middle.public import Middle
from ..probe.public import Probe

component = Component(needs=[Middle, Probe])
