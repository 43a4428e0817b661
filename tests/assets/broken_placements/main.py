"""Its placements.toml says things that cannot be: each is told with its line, also when it runs together."""

from fissile import App

app = App(__package__)
