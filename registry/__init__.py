"""Which model is the champion, on what evidence, and how it got there."""
