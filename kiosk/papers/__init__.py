"""What a citizen takes along: papers that departments gave out, receipts, and the printer for both. Nothing is kept."""
