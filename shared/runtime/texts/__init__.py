"""Every sentence a user sees, in Chinese and English, by code."""
