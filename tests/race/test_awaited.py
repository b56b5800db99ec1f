"""awaited.py says what the program does."""

import awaited
from maintenance import takes_files_of_others


def test_files_of_others():
    assert takes_files_of_others() == awaited.FILES_OF_OTHERS, "tests/race/awaited.py is to be set to what the program does"
