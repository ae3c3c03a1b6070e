"""The stages that make a candidate, in the order in which data passes them: snapshot, curate, augment, mix, train."""
