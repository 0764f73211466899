"""Does this set of rows match a known shape?"""
