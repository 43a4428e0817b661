"""The kiosk's own error."""

from fissile import ComponentError


class NothingLeft(ComponentError):
    """The kiosk has nothing from this supplier."""

    status = 410
    supplier_id: int
