"""Who, where, when: speakers, places of Iraq and dates in the raw text of a sentence."""
