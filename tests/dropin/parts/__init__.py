"""A project whose one component serves the router that the drop-in application includes."""
