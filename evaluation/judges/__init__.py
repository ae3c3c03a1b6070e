"""Language models as judges: a second opinion with a measured error, which below a floor has no say."""
