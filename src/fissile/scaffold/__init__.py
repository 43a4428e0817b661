"""Whatever writes into a user's project: each step is a `Change`, made in memory and carried out whole or not at all.

Nothing here imports the user's code, so it works on an application that cannot start.
"""
