"""The issuing clerk's desk."""
