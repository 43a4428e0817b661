"""What in a project speaks of a component: names, paths and variables, in Python and in every other text."""
