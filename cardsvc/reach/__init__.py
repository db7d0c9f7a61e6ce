"""How far each revocation has got: told to kiosks and departments, acknowledged by them, measured."""
