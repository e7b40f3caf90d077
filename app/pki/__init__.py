"""A home's certificates on disk: what is there, what it is for, whether it still holds."""

from app.pki.folder import CertificateFolder, Entry, PkiError, home_folder

__all__ = ["CertificateFolder", "Entry", "PkiError", "home_folder"]
