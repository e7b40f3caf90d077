"""What the installer takes away: the report as PDF, the diagnostics bundle without secrets."""
