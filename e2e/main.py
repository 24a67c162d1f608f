"""Starts a server, runs every test_*.py beside this file (or the named ones), and stops it."""

import pathlib
import signal
import sys
import tempfile
import unittest

import case
import server

HERE = pathlib.Path(__file__).resolve().parent


def suite(names: list[str]) -> unittest.TestSuite:
    loader = unittest.defaultTestLoader
    return loader.loadTestsFromNames(names) if names else loader.discover(str(HERE))


def main() -> int:
    # A terminated run still stops its server: the finally blocks do it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="docket-e2e-") as folder:
        # PostgreSQL refuses to run as root, and its own user has to reach its files.
        pathlib.Path(folder).chmod(0o711)
        with server.Server(pathlib.Path(folder)) as running:
            case.connect(running)
            result = unittest.TextTestRunner(verbosity=2).run(suite(sys.argv[1:]))
            if not result.wasSuccessful():
                print(running.log_tail(), file=sys.stderr)
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    passed = result.testsRun - failed - len(result.skipped)
    print(f"{passed} passed, {failed} failed")
    # No test at all is no success.
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
