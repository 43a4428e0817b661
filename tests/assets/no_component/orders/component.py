"""Orders, which forgot to declare itself."""
