"""Imports: a file in `okr-import/1` becomes commands, each decided like any other.

`file` says what may stand in a file, `plan` turns it into rows in the order in which they can be
carried out, `carry` asks the owners and counts what became of each row.
"""
