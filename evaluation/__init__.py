"""How good an answer is, and how sure we may be that one model's answers are better than another's."""
