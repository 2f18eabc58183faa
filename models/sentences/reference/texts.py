"""Texts of every kind that a page may be given, and the original's vectors of them."""

import json
import subprocess
from pathlib import Path

SENTENCES = [
    "I forgot my password.",
    "How can I log in again?",
    "What will the weather be like in Paris tomorrow?",
    "It is going to rain in France.",
    "The cat sat on the mat.",
    "A kitten was sleeping on the carpet.",
    "Stocks fell sharply after the central bank raised interest rates.",
    "The company reported a loss for the third quarter.",
    "She plays the violin in an orchestra.",
    "He has practised the piano every day since he was six.",
    "Preheat the oven to 180 degrees and butter the dish.",
    "Add a pinch of salt, then stir until it thickens.",
    "My flight was cancelled; I want my money back!",
    "Is breakfast included in the price of the room?",
    "The train to Edinburgh leaves at 10:30 from platform 4.",
    "Meet me at 5:00 or at 17:45, whichever suits you.",
    "Our servers will be down for maintenance on Saturday night.",
    "The build fails with an error about a missing module.",
    "A library for reading and writing compressed archives.",
    "Command line tool that converts pictures between formats.",
    "Vaccines protect children from measles.",
    "The patient complains of a headache and a sore throat.",
    "Turn left at the church, then go straight on for a mile.",
    "Nobody expected the home team to win the cup.",
    "They scored twice in the last five minutes of the match.",
    "Photosynthesis turns light into chemical energy.",
    "The planet orbits its star once every twelve days.",
    "I love this film :) but the ending was sad :(",
    "Great service :-) would come again!!!",
    "Worst. Phone. Ever.",
    "no",
    "Yes",
    "a",
    "?",
    "2 + 2 = 4",
    "£1,200 or €1,400, about $1,500 (incl. VAT)",
    "“Nothing,” she said. “Nothing at all?” he asked.",
    "it's, they're, don't, o'clock, rock 'n' roll",
]
LAYOUT = [
    "  two  spaces   between \t words \n\n and lines  ",
    "https://www.example.org:8080/path/to/page?query=words&more=1#part",
    "name.surname@example.org",
    "SHOUTING AND whispering And CamelCaseWords",
    "under_scores-and-hyphens/and\\slashes",
    "<s> </s> <unk> are no special pieces in a text",
    "▁ is what a space becomes",
]
CHARACTERS = [
    "emoji 😀 and 😀😀😀 in a row, 👩‍👩‍👧‍👦 a family, 👍🏽 a tone, 🇫🇷 a flag",
    "cafe\u0301 is café, A\u030a is Å, n\u0303 is ñ",
    "marks on marks: a\u0323\u0302 Z\u0351\u036b\u0343 o\u0308\u0304",
    "ligatures: ﬁne ofﬁce eﬀort ﬂow Ĳ ǆ ﬆ",
    "full width Ｈｅｌｌｏ １２３ and half width ｶﾞ",
    "fractions ½ ¾, squares m² and ㎏, numbers ① Ⅳ, … and ™",
    "unknown 漢字かな交じり文 between words",
    "各国語 한국어 עברית ไทย русский ελληνικά हिन्दी",
    "soft\u00adhyphen, no\u00a0break, zero\u200bwidth, byte\ufefforder",
    "bells\u0007 and \u001bescapes\u001b[0m are left out",
    "𝓜𝓪𝓽𝓱 𝔸𝕝𝕡𝕙𝕒 𝟙𝟚𝟛 are letters and digits",
    "✓ ✗ → ← ★ ♥ ■ ▀ █",
]
# Longer than what the model reads.
LONG = [
    "The quick brown fox jumps over the lazy dog. " * 20,
    " ".join(SENTENCES),
    "supercalifragilisticexpialidocious" * 12,
]
TEXTS = [*SENTENCES, *LAYOUT, *CHARACTERS, *LONG]


def embed_with_tensorflow(texts: list[list[int]]) -> list[list[float]]:
    script = Path(__file__).with_name("tensorflow.mjs")
    done = subprocess.run(["node", str(script)], input=json.dumps(texts), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)
