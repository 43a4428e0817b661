"""Two components that are as small as components get: desk asks prices."""
