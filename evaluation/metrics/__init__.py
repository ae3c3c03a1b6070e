"""Scores of one list of chapters against the right one: a file per family, `score` for all that a night computes."""
