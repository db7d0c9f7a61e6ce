"""A card service with test people and test cards, for developers of departments: `city sandbox`."""
