"""The service over HTTP: thin routes, who may use them, and how refusals look."""
