"""The application that runs: one FastAPI, the components that are live in it, and their calls."""
