"""What departments are told as it happens: a transactional outbox, a feed, and webhooks that bring it to them."""
