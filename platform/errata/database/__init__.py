"""The record: SQLAlchemy tables, and one `Store` that is the only code that reads or writes them."""
