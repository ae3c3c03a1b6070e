"""Training on more than one machine: the very trainer of one, in processes that Ray places."""
