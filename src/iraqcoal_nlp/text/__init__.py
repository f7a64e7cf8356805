"""From an article as read to sentences with exact offsets, and to the copy of a sentence that a model sees."""
