"""Checks ONNX files with ONNX's own checker, and infers every shape: each must be what the file says.

    check_models.py FILE...
    check_models.py --newest-opset
"""
import sys

import onnx
from onnx import shape_inference

if sys.argv[1:] == ["--newest-opset"]:
    print(onnx.defs.onnx_opset_version())
    sys.exit()
for path in sys.argv[1:]:
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    inferred = shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
    assert len(inferred.graph.value_info) >= len(model.graph.value_info), path
print(len(sys.argv) - 1, "files are valid for onnx", onnx.__version__)
