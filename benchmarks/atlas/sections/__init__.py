"""The sections of the page, a file each: which chapters of the numbers it needs, and what it writes of them."""
