"""What is deleted when: a table, and what carries it out."""
