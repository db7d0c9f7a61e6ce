"""A scripted day at the issuing desk: two clerks, many applications, and everything that goes wrong meanwhile."""
