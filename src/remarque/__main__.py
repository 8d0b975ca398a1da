"""``python -m remarque`` is the command line."""

from remarque.cli.main import main

if __name__ == "__main__":
    main()
