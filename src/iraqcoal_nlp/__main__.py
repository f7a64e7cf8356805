"""``python -m iraqcoal_nlp``: the program, where a launcher wants a module."""

from iraqcoal_nlp.cli.main import main

main()
