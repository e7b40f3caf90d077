"""One TOML file describes a home; secrets lie apart."""
