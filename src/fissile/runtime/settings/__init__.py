"""Settings: what each component is given of the environment; faults say what is missing, and no values."""

from .filling import Mode, load, mode_from
from .variables import Variable, collect, secrets_directory

__all__ = ["Mode", "Variable", "collect", "load", "mode_from", "secrets_directory"]
