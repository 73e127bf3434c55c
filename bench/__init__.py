"""Speed and memory, each figure beside a floor measured in the same run; never part of the tests."""
