"""A small project of two components, on which the plugin is tested."""
