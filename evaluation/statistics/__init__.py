"""Is one model better than another, and how sure may we be? Each formula is one function, with its source.

`paired`: differences on the same items, clustered. `size`: what clusters cost, and how many items are needed.
`betting`: a gain that rare losses can't feign. `collapses`: items on which nearly everything is lost. `sequential`:
intervals that hold at every look. `online`: a budget of errors over many tests. `powered`: few labels of people's and
many of a judge's. `shares`: how sure a share is, and what it is without the error of who counted. `rectified`: labels
made from a draft, and some made blind. `pooled`: slices too small to judge alone.
"""
