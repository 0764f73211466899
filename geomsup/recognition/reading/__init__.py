"""Which cut of W into components explains it best?"""
