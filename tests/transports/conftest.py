"""Lets pytest explain the assertions of the class that the tests inherit."""

import pytest

pytest.register_assert_rewrite(f"{__package__}.conformance")
