"""errata-tiny, the embedded default model: how it was made, and how it does."""
