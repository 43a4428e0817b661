"""front calls middle, middle calls probe: the application that the transports are held to.

Probe does whatever a method can do, so that every ending can be asked for.
"""
