"""Where a model that can be trained comes from."""
