"""`python -m leadmaster`, the same as `leadmaster`."""

from leadmaster.cli import main

if __name__ == "__main__":
    main()
