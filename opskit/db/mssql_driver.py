# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Which ODBC driver to use: an installed one of Microsoft's, that of a package, or FreeTDS."""

import importlib.util
import platform
import re
import sys
from pathlib import Path

from opskit.errors import DriverMissing
from opskit.settings import Environment

_MICROSOFT = re.compile(r"ODBC Driver (1[7-9]|[2-9]\d) for SQL Server")
_FAMILIES = {
    "alpine": "alpine",
    "suse": "suse",
    "rhel": "rhel",
    "fedora": "rhel",
    "centos": "rhel",
    "debian": "debian_ubuntu",
}


def find_driver(environment: Environment) -> str:
    """Return the name or the path of the driver to use.

    FreeTDS comes last, because it does not verify certificates.

    Raises:
        DriverMissing: there is none; the remedy is the command that installs one.
    """
    import pyodbc

    installed: list[str] = pyodbc.drivers()
    if microsoft := [name for name in installed if _MICROSOFT.fullmatch(name)]:
        return max(microsoft)
    if library := library_of_package():
        return str(library)
    if freetds := [name for name in installed if is_freetds(name)]:
        return freetds[0]
    raise driver_missing("No ODBC driver for SQL Server is installed.", environment)


def driver_missing(message: str, environment: Environment) -> DriverMissing:
    """Return the error for a driver that is not there, with the command that installs one."""
    if sys.platform == "win32":
        # Windows knows drivers by their registration only, so the package does not help.
        remedy = "Install Microsoft's: winget install Microsoft.msodbcsql.18"
    else:
        remedy = 'Install Microsoft\'s as a package: pip install "creatio-opskit[mssql]"'
    return DriverMissing(message, remedy=remedy, environment=environment.name)


def is_freetds(driver: str) -> bool:
    """Return whether a driver's name or path means FreeTDS."""
    return "freetds" in driver.casefold() or "tdsodbc" in driver.casefold()


def library_of_package() -> Path | None:
    """Return Microsoft's driver inside the package that mssql-python brings, for this system."""
    spec = importlib.util.find_spec("mssql_python_odbc")
    if sys.platform == "win32" or spec is None or spec.origin is None:
        return None
    libraries = Path(spec.origin).parent / "libs"
    kind = "macos" if sys.platform == "darwin" else "linux"
    pattern = "libmsodbcsql*.dylib" if sys.platform == "darwin" else "libmsodbcsql*.so*"
    architectures = {"arm64", "aarch64"} if _is_arm() else {"x86_64", "x64"}
    found = sorted(
        path
        for path in (libraries / kind).rglob(pattern)
        if architectures & set(path.relative_to(libraries).parts)
    )
    family = _family()
    return next((path for path in found if family in path.parts), found[0] if found else None)


def _is_arm() -> bool:
    return platform.machine().lower() in {"arm64", "aarch64"}


def _family() -> str:
    try:
        release = platform.freedesktop_os_release()
    except OSError:  # not a Linux
        return ""
    words = f"{release.get('ID', '')} {release.get('ID_LIKE', '')}"
    return next((family for word, family in _FAMILIES.items() if word in words), "debian_ubuntu")
