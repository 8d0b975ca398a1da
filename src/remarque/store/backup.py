"""Backing a vault up, checking a backup, and bringing a vault back from one."""

from remarque.store.backup_restoring import RestoreSummary, check_backup, restore_backup
from remarque.store.backup_writing import BackupSummary, write_backup

__all__ = ["BackupSummary", "RestoreSummary", "check_backup", "restore_backup", "write_backup"]
