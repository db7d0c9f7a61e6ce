"""What one officer asks for and another grants: bound to one kind of act on one subject, for a time, to be used once."""
