"""Papers: certificates that a department gives out as sealed PDF files, and the page where anybody can check one.

A handler declares what its paper states (`declaration.Paper`); a `press.Press` draws it, seals it (PAdES), writes it
into the register, and puts a QR code on it that leads to its page.
"""
