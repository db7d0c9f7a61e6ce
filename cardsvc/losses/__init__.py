"""Lost and stolen cards: reported at any hour, held at once, and a receipt that proves when."""
