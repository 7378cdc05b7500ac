"""What runs inside an instance while it is measured: a package of its own in the image `work`.

Nothing here may import the rest of `realrun`, or anything beyond the standard library.
"""
