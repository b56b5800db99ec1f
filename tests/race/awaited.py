"""What the suite asks for and the program does not do yet. Set to True when it does: test_awaited.py tells when."""

import pytest

# The loader goes on beside data files that have no tags of its own: another engine's OPTIMIZE, DELETE, UPDATE, MERGE, INSERT.
FILES_OF_OTHERS = False

needs_files_of_others = pytest.mark.skipif(not FILES_OF_OTHERS, reason="the loader refuses data files of other engines")
