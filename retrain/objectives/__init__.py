"""What training goes down: one objective a file."""
