"""How the window looks: tokens as data, one style sheet made from them, icons in their colours."""
