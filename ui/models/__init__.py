"""View models: the schema's models turned into what is shown. No widget here, so each can be tested in one line."""
