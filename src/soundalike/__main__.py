"""``python -m soundalike`` is the command ``soundalike``."""

import sys

from soundalike.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
