"""Invented people and the files that invented agencies send about them."""
