"""Pure functions from what a project declares to the text of files: gateway, documents."""
