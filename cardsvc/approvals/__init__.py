"""What one officer asks for and another grants: one act on one subject, for a time, to be used once."""
