"""The site of the documentation; `python -m docs.builder` makes it."""
