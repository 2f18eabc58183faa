"""Fills in what each variant of this model directory must answer: `golden.py [--inputs DIR]`.

Needs Python 3.10 and numpy; onnxruntime for ONNX variants, Pillow for sample images. TensorFlow.js
layers models are computed by layers.py. For a TensorFlow.js graph model, or layers that layers.py has
not, write a model.py beside this file with a function `run(inputs, variant)`: dictionaries of arrays
by name in and out, `variant` as in model.json; `nearside pack` runs it with --run-reference only.

Reads model.json and golden.json; writes golden/*.bin, golden.json, and with sample images also
baseline.json. Images lie in DIR as `<label>/<file>`, or as files without labels.
"""

import argparse
import hashlib
import importlib.util
import json
import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

sys.dont_write_bytecode = True  # the folder is somebody's model
FOLDER = Path(__file__).resolve().parent.parent
MODULES = {"numpy": "numpy", "onnxruntime": "onnxruntime", "PIL": "pillow"}
MISSING_MODULE = 3  # the exit code that `nearside pack` knows


def require(module: str) -> None:
    if importlib.util.find_spec(module):
        return
    print(f"golden.py needs the Python package {MODULES[module]}", file=sys.stderr)
    sys.exit(MISSING_MODULE)


require("numpy")
import numpy as np

Tensors = dict[str, np.ndarray]
Run = Callable[[Tensors], Tensors]

NUMPY_TYPES = {
    "BOOL": "?",
    "UINT8": "u1",
    "INT8": "i1",
    "UINT16": "<u2",
    "INT16": "<i2",
    "UINT32": "<u4",
    "INT32": "<i4",
    "INT64": "<i8",
    "FP16": "<f2",
    "FP32": "<f4",
    "FP64": "<f8",
}

# How far a device may be off: `abs`, or that share of the largest expected value, whichever is more,
# and `rel`. Floats are added up in another order; a quantised value between two steps may be rounded
# to either; a GPU may keep the tensors of TensorFlow.js as half floats.
TOLERANCE = {
    "fp32": {"abs": 1e-4, "share": 1e-5, "rel": 1e-3},
    "fp16": {"abs": 1e-2, "share": 1e-3, "rel": 1e-2},
    "quantised": {"abs": 1e-3, "share": 1e-2, "rel": 1e-2},
    "tfjs": {"abs": 1e-3, "share": 4e-3, "rel": 1e-2},
}
# The other correct ways to compute an ONNX variant that its tolerance is held against.
LEVELS = ["ORT_DISABLE_ALL", "ORT_ENABLE_BASIC", "ORT_ENABLE_EXTENDED"]
# What golden files may take of what a device fetches: that share of all weights, or so many bytes.
GOLDEN_SHARE, GOLDEN_BYTES = 0.02, 32 * 1024
# Values of an output that a case keeps, at most.
MAX_STORED_VALUES = 8192
# Room that a tolerance leaves: the worst of these ways uses at most half of it.
MARGIN = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=Path, help="folder of sample images")
    inputs = parser.parse_args().inputs
    spec = read_json("model.json")
    golden = read_json("golden.json")
    images = list_images(inputs) if inputs else []
    if images and "stages" in spec:
        sys.exit("--inputs: expected a model.json without stages; bring golden.json and baseline.json along")
    if images:
        golden["cases"] = image_cases(spec, inputs, images) or golden["cases"]
    golden.pop("reference", None)  # it names another runtime
    golden["tolerance"] = {
        variant["name"]: fill_in(spec, golden["cases"], variant) for variant in spec["variants"]
    }
    write_json("golden.json", golden)
    if images:
        write_baseline(spec, inputs, images)
    write_json("golden/made-from.json", made_from(spec, inputs, images))


def fill_in(spec: dict, cases: list[dict], variant: dict) -> dict:
    """Writes the outputs of every case; returns the variant's tolerance."""
    if "stages" not in spec:
        return fill_in_stage(spec, cases, variant)
    of_stages = {}
    for stage in spec["stages"]:
        own = [case for case in cases if case["stage"] == stage["name"]]
        part = {**variant, **variant["stages"][stage["name"]]}
        bound = fill_in_stage(stage, own, part)
        of_stages |= {f"{stage['name']}/{output['name']}": bound for output in stage["outputs"]}
    widest = {key: max(bound[key] for bound in of_stages.values()) for key in ("abs", "rel")}
    return {**widest, "outputs": of_stages}


def fill_in_stage(spec: dict, cases: list[dict], variant: dict) -> dict:
    """The same for one model: the only one of a spec, or that of a stage."""
    run = from_zeros(spec, open_variant(variant))
    levels = LEVELS if is_onnx(variant) else []
    ways = {level: from_zeros(spec, open_onnx(variant, level)) for level in levels}
    expected, others = [], {way: [] for way in ways}
    for case in cases:
        inputs = {name: read_tensor(stored) for name, stored in case["inputs"].items()}
        outputs = run(inputs)
        case["expected"][variant["name"]] = {
            output["name"]: write_output(
                f"{case['name']}.{variant['name']}.{output['name']}",
                outputs[output["name"]].astype(NUMPY_TYPES[output["datatype"]], copy=False),
                output["datatype"],
            )
            for output in spec["outputs"]
        }
        expected += [outputs[output["name"]] for output in spec["outputs"]]
        for way, other in ways.items():
            values = other(inputs)
            others[way] += [values[output["name"]] for output in spec["outputs"]]
    return tolerance_of(variant, expected, others)


def tolerance_of(variant: dict, expected: list[np.ndarray], others: dict) -> dict:
    kind = "tfjs" if not is_onnx(variant) else variant["dtype"]
    default = TOLERANCE.get(kind, TOLERANCE["quantised"])
    largest = max(float(np.abs(values.astype(np.float64)).max(initial=0)) for values in expected)
    bound = {"abs": round_up(max(default["abs"], default["share"] * largest)), "rel": default["rel"]}
    for way, actual in others.items():
        used = max(share_used(a, b, **bound) for a, b in zip(actual, expected, strict=True))
        print(f"{variant['name']}: {way} uses {used:.1%} of abs {bound['abs']}, rel {bound['rel']}")
        if used * MARGIN > 1:
            bound = {name: round_up(value * used * MARGIN) for name, value in bound.items()}
    return bound


def share_used(actual: np.ndarray, expected: np.ndarray, abs: float, rel: float) -> float:
    """1 is the edge of the tolerance."""
    a, b = actual.astype(np.float64), expected.astype(np.float64)
    return float((np.abs(a - b) / (abs + rel * np.abs(b))).max(initial=0))


def round_up(value: float) -> float:
    """To one digit: 0.0123 → 0.02."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(f"{np.ceil(round(value / power, 9)) * power:.0e}")


def from_zeros(spec: dict, run: Run) -> Run:
    """State that is not given is zeros, as before the first frame of a stream; a `value` is always given."""
    carried = {pair["input"] for pair in spec.get("state", [])}
    zeros = {
        declared["name"]: np.zeros(declared["shape"], NUMPY_TYPES[declared["datatype"]])
        for declared in spec["inputs"]
        if declared["name"] in carried
    }
    constant = {
        declared["name"]: np.broadcast_to(
            np.array(declared["value"], NUMPY_TYPES[declared["datatype"]]).reshape(
                [] if np.size(declared["value"]) == 1 else declared["shape"]
            ),
            declared["shape"],
        ).copy()
        for declared in spec["inputs"]
        if "value" in declared
    }
    return lambda inputs: run({**zeros, **constant, **inputs})


def open_variant(variant: dict) -> Run:
    own = Path(__file__).with_name("model.py")
    if own.exists():
        import model

        return lambda inputs: model.run(inputs, variant)
    if is_onnx(variant):
        return open_onnx(variant, "ORT_ENABLE_ALL")
    if variant["format"] == "layers-model":
        from layers import open_layers

        return open_layers(FOLDER / variant["files"][0])
    sys.exit(
        f"variant {variant['name']}: golden.py cannot compute a TensorFlow.js graph model. Write {own} "
        "with a function run(inputs, variant), for instance with TensorFlow, and pack with "
        "--run-reference; see the head of golden.py"
    )


def is_onnx(variant: dict) -> bool:
    return variant["runtime"] == "onnx"


def open_onnx(variant: dict, level: str) -> Run:
    require("onnxruntime")
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # the same bits every time
    options.log_severity_level = 3
    options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
    file = str(FOLDER / variant["files"][0])
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return lambda inputs: dict(zip(names, session.run(names, inputs), strict=True))


def list_images(folder: Path) -> list[Path]:
    files = sorted(
        (file for file in folder.rglob("*") if file.is_file() and not file.name.startswith(".")),
        key=lambda file: file.relative_to(folder).as_posix(),
    )
    return files or sys.exit(f"{folder}: expected sample images, got none")


def image_cases(spec: dict, folder: Path, images: list[Path]) -> list[dict]:
    """The first image alone, because that case runs whenever a session is created; then four.

    None where they would make every device fetch more than golden files may take: the cases that are
    drawn from seeds stay.
    """
    several = spread(images, 4)
    groups = [[file] for file in several]
    if "batch" in spec and len(several) > 1:
        groups = [several[:1], several]
    tensors = [np.concatenate([read_image(spec, file) for file in group]) for group in groups]
    weights = sum((FOLDER / file).stat().st_size for file in weight_files(spec))
    limit = max(GOLDEN_BYTES, GOLDEN_SHARE * weights)
    if sum(tensor.nbytes for tensor in tensors) > limit:
        print(f"golden cases: drawn from seeds, as the images would take more than {limit:.0f} bytes")
        return []
    declared = first(spec, "input")
    cases = []
    for index, (group, tensor) in enumerate(zip(groups, tensors, strict=True)):
        name = f"image-{index + 1}" if len(group) == 1 else f"images-{len(group)}"
        stored = write_tensor(f"{name}.{declared['name']}", tensor, declared["datatype"])
        cases.append({"name": name, "inputs": {declared["name"]: stored}, "expected": {}})
    return cases


def first(spec: dict, side: str) -> dict:
    """The input or output that a picture and its scores are: neither state nor what is always the same."""
    carried = {pair[side] for pair in spec.get("state", [])}
    return next(
        tensor
        for tensor in spec[f"{side}s"]
        if tensor["name"] not in carried and "value" not in tensor
    )


def spread(items: list, count: int) -> list:
    """So many of them, at equal distances."""
    count = min(count, len(items))
    return [items[i * len(items) // count] for i in range(count)]


def read_image(spec: dict, file: Path, seen: dict | None = None) -> np.ndarray:
    if not spec["preprocessing"]:
        sys.exit("--inputs: model.json names no preprocessing, so nothing turns files into tensors")
    require("PIL")
    from steps import preprocess

    return preprocess(file, spec, seen)


def write_baseline(spec: dict, folder: Path, images: list[Path]) -> None:
    from baseline import baseline, predicts

    if not predicts(spec):
        return
    run = from_zeros(spec, open_variant(spec["variants"][0]))
    output, declared = first(spec, "output")["name"], first(spec, "input")["name"]
    seen = {}
    logits = [run({declared: read_image(spec, file, seen)})[output] for file in images]
    labels = [file.relative_to(folder).parts[0] for file in images if file.parent != folder]
    write_json("baseline.json", baseline(spec, np.concatenate(logits), labels, seen))


def made_from(spec: dict, folder: Path | None, images: list[Path]) -> dict:
    """What the answers depend on: `nearside pack` asks for new ones when it changes."""
    return {
        "weights": digest((file, FOLDER / file) for file in weight_files(spec)),
        "inputs": folder
        and digest((file.relative_to(folder).as_posix(), file) for file in images),
    }


def weight_files(spec: dict) -> list[str]:
    parts = [
        part
        for variant in spec["variants"]
        for part in variant.get("stages", {"": variant}).values()
    ]
    return sorted({file for part in parts for file in part["files"]})


def digest(files: Iterator[tuple[str, Path]]) -> str:
    """SHA-256 of one line for each file: the SHA-256 of its bytes, two spaces, its name."""
    lines = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {name}\n" for name, file in files]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def read_tensor(stored: dict) -> np.ndarray:
    if "seed" in stored:
        return seeded_tensor(stored["datatype"], stored["shape"], stored["seed"], stored.get("range"))
    values = np.fromfile(FOLDER / stored["file"], NUMPY_TYPES[stored["datatype"]])
    return values.reshape(stored["shape"])


def seeded_tensor(
    datatype: str, shape: list[int], seed: int, within: list[float] | None = None
) -> np.ndarray:
    """The numbers that a seed stands for (xorshift32, Marsaglia 2003), one draw for each element.

    Floats are in [0, 1), half floats in [0.5, 1), bytes have any value, other integers are 0 or 1.
    With a range floats are in [low, high), and integers low to high.
    """
    count = int(np.prod(shape, dtype=np.int64))
    draws = np.empty(count, np.float64)
    state = seed
    for index in range(count):
        state ^= state << 13 & 0xFFFFFFFF
        state ^= state >> 17
        state ^= state << 5 & 0xFFFFFFFF
        draws[index] = (state >> 8) / 2**24
    if within:
        low, high = within
        width = high - low if datatype.startswith("FP") else high - low + 1
        values = draws * width if datatype.startswith("FP") else np.floor(draws * width)
        return (low + values).astype(NUMPY_TYPES[datatype]).reshape(shape)
    if datatype == "FP16":
        bits = (0x3800 + np.floor(draws * 1024)).astype(np.uint16)
        return bits.view(np.float16).reshape(shape)
    if datatype in ("UINT8", "INT8"):
        values = np.floor(draws * 256) - (128 if datatype == "INT8" else 0)
    else:
        values = draws if datatype.startswith("FP") else np.floor(draws * 2)
    return values.astype(NUMPY_TYPES[datatype]).reshape(shape)


def write_tensor(name: str, tensor: np.ndarray, datatype: str) -> dict:
    # Every tensor has a file of its own, also where a file system tells no capitals apart.
    kept = (c if c.isalnum() and c.isascii() or c in "._-" else "_" for c in name.lower())
    safe = "".join(kept)[:150]
    if safe != name:
        safe += f"-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    file = f"golden/{safe}.bin"
    (FOLDER / "golden").mkdir(exist_ok=True)
    (FOLDER / file).write_bytes(np.asarray(tensor, NUMPY_TYPES[datatype]).tobytes())
    return {"datatype": datatype, "shape": list(tensor.shape), "file": file}


def write_output(name: str, tensor: np.ndarray, datatype: str) -> dict:
    """Of a large one each so-manieth value, at a step that shares no divisor with it."""
    every = max(1, math.ceil(tensor.size / MAX_STORED_VALUES))
    while every > 1 and math.gcd(every, tensor.size) > 1:
        every += 1
    if every == 1:
        return write_tensor(name, tensor, datatype)
    stored = write_tensor(name, tensor.reshape(-1)[::every], datatype)
    return {**stored, "shape": list(tensor.shape), "every": every}


def read_json(name: str) -> dict:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def write_json(name: str, value: dict) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    (FOLDER / name).write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
