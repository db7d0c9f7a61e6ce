"""Examples for the OpenAPI document: one city, in which nobody lives, told by the names of members.

An example is put together from the schema that it is an example of (`filling.py`), so it has what the schema has. What
the members look like is data: `words.py` what is called the same everywhere, `models.py` what is not, `bodies.py` what
is no JSON. A member without a value there fails the tests. Keys, tokens and signatures are those of published examples.
"""
