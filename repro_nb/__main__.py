"""``python -m repro_nb``: the command line."""

from repro_nb.cli import main

if __name__ == "__main__":
    main()
