"""What the population registry tells about citizens: deaths, removals, and that one was a mistake."""
