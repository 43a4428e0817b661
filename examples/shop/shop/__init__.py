"""A shop that buys from suppliers: the reference application of Fissile."""
