"""`python -m mlfw` is the command `mlfw`."""

from mlfw.cli.main import entry

if __name__ == "__main__":
    entry()
