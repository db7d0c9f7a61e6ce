"""Which keystore a city has: encrypted files, or a PKCS #11 token.

The certificates of the authorities, which are public, are files in ``keystore_dir`` either way.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from cardsvc.settings import KeystoreKind, Settings
from cardsvc.trust.file_keystore import FileKeystore
from cardsvc.trust.keystore import KeyName, Keystore, KeystoreError


def load_keystore(settings: Settings) -> Keystore:
    """Open what `cardsvc init` made. Raises KeystoreError, ValueError (settings), OSError."""
    if settings.keystore is KeystoreKind.PKCS11:
        module = _pkcs11()
        opened: Keystore = module.Pkcs11Keystore.load(_address(module, settings))
        return opened
    return FileKeystore.load(settings.keystore_dir, settings.read_keystore_passphrase())


def complete_keystore(settings: Settings) -> tuple[KeyName, ...]:
    """Make the keys that an older version did not know. Raises as `load_keystore` does."""
    if settings.keystore is KeystoreKind.PKCS11:
        module = _pkcs11()
        made: tuple[KeyName, ...] = module.Pkcs11Keystore.complete(_address(module, settings))
        return made
    return FileKeystore.complete(settings.keystore_dir, settings.read_keystore_passphrase())


@contextmanager
def new_keystore(settings: Settings, folder: Path) -> Iterator[Keystore]:
    """A keystore made for a ceremony. If the block raises, keys in a token are destroyed; files go with the folder.

    Raises KeystoreExists rather than use an old one, and as `load_keystore` does.
    """
    folder.mkdir(mode=0o700, parents=True)
    if settings.keystore is KeystoreKind.FILE:
        yield FileKeystore.create(folder, settings.read_keystore_passphrase())
        return
    module = _pkcs11()
    in_token = module.Pkcs11Keystore.create(_address(module, settings))
    try:
        yield in_token
    except BaseException:
        in_token.destroy()
        raise


def _pkcs11() -> ModuleType:
    """The module, which needs the extra `hsm`."""
    try:
        from cardsvc.trust import pkcs11_keystore  # noqa: PLC0415 (the extra may not be installed)
    except ModuleNotFoundError as error:
        raise KeystoreError("CARDSVC_KEYSTORE=pkcs11 needs python-pkcs11: install citizen-card[hsm]") from error
    return pkcs11_keystore


def _address(module: ModuleType, settings: Settings) -> object:
    return module.TokenAddress(settings.pkcs11_module, settings.pkcs11_token, settings.read_pkcs11_pin())
