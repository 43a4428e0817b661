"""The rules of greetings, in plain Python: nothing here knows of databases or HTTP."""


def hello(name: str) -> str:
    """What is said to somebody."""
    return f"Hello, {name}!"
