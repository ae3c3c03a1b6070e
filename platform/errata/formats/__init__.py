"""Files of the outside world, one module per format.

To add one, copy the file that is closest to yours. A reader turns its file into `SourceRow`s, and each of them into a
value or a `Rejected`; `source_rows.convert_rows` does the rest, and `talk.read` where a file is one talk. A reader of
transcripts is then named in `kinds.py`, one of reviews in `review_detect.py`.
"""
