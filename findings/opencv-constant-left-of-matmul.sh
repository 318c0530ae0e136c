#!/usr/bin/env bash
# OpenCV: its DNN module reads ONNX, in which MatMul is the product of any two tensors.
# Guess: a constant matrix may stand on either side of MatMul.
# Found: with the constant on the right the network runs; with a constant on the left the import fails. ONNX's checker finds both models valid.
# Needs: x64, apt-get with Debian 12's packages (200 MB).
. "$(dirname "$(readlink -f "$0")")/lib/debian.sh"
unpack_whole python3-opencv=4.6.0+dfsg-12 python3-onnx=1.12.0-2+b4
cat >run.py <<'P'
import cv2, numpy, onnx
from onnx import TensorProto, helper, numpy_helper
image = numpy.arange(48, dtype=numpy.float32).reshape(1, 3, 4, 4)
mean = numpy.full((4, 2), .5, numpy.float32)
def model(nodes, constant):
    graph = helper.make_graph(nodes, 'g', [helper.make_tensor_value_info('x', TensorProto.FLOAT, [1, 3, 4, 4])],
        [helper.make_tensor_value_info('y', TensorProto.FLOAT, [1, 3, 4, 2] if constant.shape == (4, 2) else [1, 3, 2, 4])],
        [numpy_helper.from_array(constant, 'c')])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 13)])
    made.ir_version = 7
    onnx.checker.check_model(made)
    return made.SerializeToString()
print('OpenCV', cv2.__version__, 'ONNX', onnx.__version__)
for name, nodes, constant in [
        ('right', [helper.make_node('MatMul', ['x', 'c'], ['y'])], mean),
        ('left', [helper.make_node('MatMul', ['c', 'x'], ['y'])], mean.T.copy())]:
    try:
        net = cv2.dnn.readNetFromONNX(model(nodes, constant))
        net.setInput(image)
        expected = image @ constant if name == 'right' else constant @ image
        print('constant on the', name + ':', 'the product' if numpy.allclose(net.forward(), expected) else 'a wrong product')
    except cv2.error:
        print('constant on the', name + ': refused')
P
python run.py 2>/dev/null | expect 'OpenCV 4.6.0 ONNX 1.12.0
constant on the right: the product
constant on the left: refused'
