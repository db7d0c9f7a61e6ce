"""What every department is built from: it declares its services, the rest (HTTP, assertions, storage) is here.

A department is a `declaration.Department`: its texts, its `declaration.Service` entries with one handler each, its
tables and its seed. A handler gets a session inside the request's transaction and a `declaration.Visit`, and returns
an `declaration.Answer` or raises a `refusals.ServiceRefused`.
"""
