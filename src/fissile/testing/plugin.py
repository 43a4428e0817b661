"""The pytest plugin: `--placements`, fixtures by annotation, an HTTP client, clean data for each test."""
