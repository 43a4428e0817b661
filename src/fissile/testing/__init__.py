"""Test components in every placement: the pytest plugin, fakes and faults."""
