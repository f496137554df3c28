"""What we take beside others doing the same work in the same run; nothing here asserts a time."""
