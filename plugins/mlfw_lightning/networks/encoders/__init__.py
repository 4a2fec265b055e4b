"""Encoders: what makes numbers of a row's columns, one for each kind of column."""
