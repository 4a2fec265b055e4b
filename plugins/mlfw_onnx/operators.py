"""The operators that models of mlfw use, and their attributes.

They were collected from the exports of every built-in model, and from the layers of torch that
networks of plugins may have.
"""

from __future__ import annotations

from mlfw_onnx.graph import ML

FLOAT, INT, STRING, TENSOR, GRAPH, INTS, STRINGS = 1, 2, 3, 4, 5, 7, 8  # types of attributes

_REDUCE = {"keepdims": INT, "noop_with_empty_axes": INT}
_PLAIN = (
    *("Abs", "Add", "And", "Cos", "Div", "Equal", "Erf", "Exp", "Expand", "Floor", "Greater"),
    *("GreaterOrEqual", "Identity", "IsNaN", "Less", "LessOrEqual", "Log", "MatMul", "Max"),
    *("Min", "Mul", "Neg", "Not", "Or", "Pad", "Pow", "Relu", "Sigmoid", "Sign", "Sin", "Slice"),
    *("Sqrt", "Squeeze", "Sub", "Tanh", "Unsqueeze", "Where"),
)
STANDARD: dict[str, dict[str, int]] = {
    **{op: {} for op in _PLAIN},
    "ArgMax": {"axis": INT, "keepdims": INT, "select_last_index": INT},
    "BatchNormalization": {"epsilon": FLOAT, "momentum": FLOAT, "training_mode": INT},
    "Cast": {"to": INT},
    "Concat": {"axis": INT},
    "ConstantOfShape": {"value": TENSOR},
    "Conv": {
        "auto_pad": STRING,
        "dilations": INTS,
        "group": INT,
        "kernel_shape": INTS,
        "pads": INTS,
        "strides": INTS,
    },
    "Elu": {"alpha": FLOAT},
    "Flatten": {"axis": INT},
    "Gather": {"axis": INT},
    "Gemm": {"alpha": FLOAT, "beta": FLOAT, "transA": INT, "transB": INT},
    "InstanceNormalization": {"epsilon": FLOAT},
    "LayerNormalization": {"axis": INT, "epsilon": FLOAT, "stash_type": INT},
    "LeakyRelu": {"alpha": FLOAT},
    "Loop": {"body": GRAPH},
    "MaxPool": {
        "auto_pad": STRING,
        "ceil_mode": INT,
        "dilations": INTS,
        "kernel_shape": INTS,
        "pads": INTS,
        "storage_order": INT,
        "strides": INTS,
    },
    "ReduceMean": _REDUCE,
    "ReduceSum": _REDUCE,
    "ReduceSumSquare": _REDUCE,
    "Reshape": {"allowzero": INT},
    "ScatterElements": {"axis": INT, "reduction": STRING},
    "Shape": {"end": INT, "start": INT},
    "Softmax": {"axis": INT},
    "Split": {"axis": INT, "num_outputs": INT},
    "Transpose": {"perm": INTS},
}
MACHINE_LEARNING: dict[str, dict[str, int]] = {
    "LabelEncoder": {"keys_strings": STRINGS, "values_int64s": INTS, "default_int64": INT},
    "TreeEnsemble": {
        "aggregate_function": INT,
        "leaf_targetids": INTS,
        "leaf_weights": TENSOR,
        "n_targets": INT,
        "nodes_falseleafs": INTS,
        "nodes_falsenodeids": INTS,
        "nodes_featureids": INTS,
        "nodes_missing_value_tracks_true": INTS,
        "nodes_modes": TENSOR,
        "nodes_splits": TENSOR,
        "nodes_trueleafs": INTS,
        "nodes_truenodeids": INTS,
        "post_transform": INT,
        "tree_roots": INTS,
    },
}
OPERATORS = {"": STANDARD, ML: MACHINE_LEARNING}
OPTIONAL = {"aggregate_function", "nodes_missing_value_tracks_true", "post_transform"}
