"""What citizens lock their cards for: a department, or a level."""
