"""What SentencePiece's library makes of a text, and onnxruntime of that."""

import json
from pathlib import Path

import numpy as np
import onnxruntime
from sentencepiece import SentencePieceNormalizer, SentencePieceProcessor
from sentencepiece.sentencepiece_model_pb2 import ModelProto

FOLDER = Path(__file__).resolve().parent.parent
SPEC = json.loads((FOLDER / "model.json").read_text())
TOKENIZE = next(step for step in SPEC["preprocessing"] if step["step"] == "tokenize")
VARIANTS = [variant["name"] for variant in SPEC["variants"]]
# The one that devices run.
SHIPPED = VARIANTS[0]
# sentencepiece_model.proto, ModelProto.SentencePiece.Type and TrainerSpec.ModelType
NORMAL, UNKNOWN, CONTROL, UNIGRAM = 1, 2, 3, 1
RESERVED = 6
TEXTS_AT_ONCE = 16

# The rules alone: white space is the processor's.
_replace = SentencePieceNormalizer(rule_name="nmt_nfkc", add_dummy_prefix=False, remove_extra_whitespaces=False, escape_whitespaces=False)


def open_pieces():
    """A function from a text to its ids, all of them."""
    model = ModelProto()
    vocab = json.loads((FOLDER / "tokenizer.json").read_text())["model"]["vocab"]
    for place, (piece, score) in enumerate(vocab):
        kind = UNKNOWN if place == 0 else CONTROL if place < RESERVED else NORMAL
        model.pieces.add(piece=piece.strip(" "), score=score, type=kind)
    trainer = model.trainer_spec
    trainer.model_type = UNIGRAM
    trainer.unk_id, trainer.bos_id, trainer.eos_id, trainer.pad_id = 0, 1, 2, -1
    trainer.unk_piece, trainer.bos_piece, trainer.eos_piece = (one.piece for one in model.pieces[:3])
    processor = SentencePieceProcessor(model_proto=model.SerializeToString())
    return lambda text: processor.encode(_replace.normalize(text))


def open_model(variant: str = SHIPPED):
    """A function from lists of ids to vectors, [n, 512]."""
    file = FOLDER / SPEC["variants"][VARIANTS.index(variant)]["files"][0]
    return open_file(file, "embedding", SPEC["outputs"][0]["shape"][1], TOKENIZE)


def open_file(file: Path, output: str, width: int, tokenize: dict):
    """A function from lists of ids to an output of a model of texts, [n, width]."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # the same bits every time
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])

    def run(texts: list[list[int]]) -> np.ndarray:
        rows = np.zeros((len(texts), width), np.float32)
        by_length = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        for start in range(0, len(texts), TEXTS_AT_ONCE):
            places = by_length[start : start + TEXTS_AT_ONCE]
            rows[places] = session.run([output], filled([texts[place] for place in places], tokenize))[0]
        return rows

    return run


def filled(texts: list[list[int]], tokenize: dict) -> dict[str, np.ndarray]:
    """Cut to what the model reads, and filled up to a multiple."""
    texts = [pieces[: tokenize["max_length"]] for pieces in texts]
    multiple = tokenize.get("pad_to_multiple_of", 16)
    length = max(-(-len(pieces) // multiple) * multiple for pieces in texts)
    ids, mask = np.zeros((2, len(texts), length), np.int64)
    for row, pieces in enumerate(texts):
        ids[row, : len(pieces)] = pieces
        mask[row, : len(pieces)] = 1
    return {"input_ids": ids, "attention_mask": mask}
