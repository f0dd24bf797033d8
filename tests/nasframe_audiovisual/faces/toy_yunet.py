"""A network with the inputs and outputs of YuNet, in which every bright square of 53 pixels is a face."""

from __future__ import annotations

import math

from onnx import TensorProto, helper

__all__ = ["toy_yunet"]

FACE = 160 / 3


def toy_yunet(drop: str = "", keypoints: int = 10) -> bytes:
    """Return the model in ONNX; `drop` leaves out an output, `keypoints` are the numbers of a place."""
    nodes, outputs, constants = [], [], []
    for stride in (8, 16, 32):
        size = int(FACE) // stride * stride
        # the mean of a square of pictures around each place, from 0 to 1: a bright square has 1 in its middle
        around = size // stride // 2 * stride
        nodes += [
            helper.make_node("ReduceMean", ["input"], [f"grey_{stride}"], axes=[1], keepdims=1),
            helper.make_node(
                "AveragePool",
                [f"grey_{stride}"],
                [f"mean_{stride}"],
                kernel_shape=[stride + 2 * around] * 2,
                strides=[stride] * 2,
                pads=[around] * 4,
                count_include_pad=1,
            ),
            helper.make_node("Div", [f"mean_{stride}", "white"], [f"bright_{stride}"]),
        ]
        width = math.log(FACE / stride)
        for name, numbers, values in (
            ("cls", 1, [-9.0]),  # 10 · bright − 9: a square that is not all bright is none
            ("obj", 1, [-9.0]),
            ("bbox", 4, [0.5, 0.5, width, width]),
            ("kps", keypoints, [0.0] * keypoints),
        ):
            if f"{name}_{stride}" == drop:
                continue
            constants += [
                helper.make_tensor(
                    f"w_{name}_{stride}",
                    TensorProto.FLOAT,
                    (numbers, 1, 1, 1),
                    [10.0 if numbers == 1 else 0.0] * numbers,
                ),
                helper.make_tensor(f"b_{name}_{stride}", TensorProto.FLOAT, (numbers,), values),
                helper.make_tensor(f"s_{name}_{stride}", TensorProto.INT64, (3,), [1, -1, numbers]),
            ]
            nodes += [
                helper.make_node(
                    "Conv",
                    [f"bright_{stride}", f"w_{name}_{stride}", f"b_{name}_{stride}"],
                    [f"c_{name}_{stride}"],
                ),
                helper.make_node(
                    "Transpose", [f"c_{name}_{stride}"], [f"t_{name}_{stride}"], perm=[0, 2, 3, 1]
                ),
                helper.make_node(
                    "Reshape", [f"t_{name}_{stride}", f"s_{name}_{stride}"], [f"{name}_{stride}"]
                ),
            ]
            outputs.append(
                helper.make_tensor_value_info(f"{name}_{stride}", TensorProto.FLOAT, [1, None, numbers])
            )
    constants.append(helper.make_tensor("white", TensorProto.FLOAT, (1,), [255.0]))
    graph = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, "height", "width"])],
        outputs,
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    return bytes(model.SerializeToString())
