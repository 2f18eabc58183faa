"""Prints texts of every kind, each with its ids by SentencePiece's library, as JSON."""

import json

from model import open_pieces
from texts import TEXTS

pieces = open_pieces()
print(json.dumps([{"text": text, "ids": pieces(text)} for text in TEXTS]))
