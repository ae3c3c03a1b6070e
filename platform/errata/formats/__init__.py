"""Files of the outside world, one module per format.

To add one, copy the file that is closest to yours. A reader turns its file into `SourceRow`s, and each of them into a
value or a `Rejected`; `source_rows.each` does the rest. A reader of transcripts is then named in `kinds.py`.
"""
