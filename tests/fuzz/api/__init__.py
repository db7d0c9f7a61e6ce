"""Schemathesis, a program we did not write, against the whole API: what does the service do that it does not say?"""
