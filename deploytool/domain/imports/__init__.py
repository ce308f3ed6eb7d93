"""What a Python program can load, told from its sources without running any of them.

`facts` says what one file asks for, `program` what the container starts, `closure` what can be reached from there in
the image, `missing` what would not be found, `requirements` what the package installer brings.
"""

EXTRACTOR = 7  # raised whenever the same bytes give other facts than before
