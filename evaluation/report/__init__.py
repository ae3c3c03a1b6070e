"""A night's report: one page for a person, one summary for a pull request. Values in, text out."""
