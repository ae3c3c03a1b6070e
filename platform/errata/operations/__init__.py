"""Use cases that need the record alone; the command line and the service both call them."""
