"""The doors: an API for programs, pages for people. Use cases are `errata.operations`'; here they get an address."""
