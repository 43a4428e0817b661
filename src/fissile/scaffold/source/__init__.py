"""Python as it is written: reading what a component declares and serves, and edits at exact places."""
