"""A small project of two components, on which the gateway is tested."""
