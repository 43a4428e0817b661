"""``python -m fissile.cli`` is ``fissile``."""

from . import main

if __name__ == "__main__":
    main()
