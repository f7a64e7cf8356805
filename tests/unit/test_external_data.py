"""An ONNX graph that names other files is found, wherever the tensor hides."""

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from conftest import ROOT
from iraqcoal_nlp.errors import ModelFolderError
from iraqcoal_nlp.model.backends.onnx import OnnxBackend
from iraqcoal_nlp.model.external_data import has_external_data


def tensor(location=None):
    made = numpy_helper.from_array(np.ones(4, dtype=np.float32), "w")
    if location is not None:
        made.ClearField("raw_data")
        made.data_location = TensorProto.EXTERNAL
        made.external_data.add(key="location", value=location)
    return made


def sparse(values):
    indices = numpy_helper.from_array(np.arange(4), "i")
    return helper.make_sparse_tensor(values, indices, [8])


def constant(**attribute):
    return helper.make_node("Constant", [], ["c"], **attribute)


def graph(nodes=(), initializers=(), sparse_initializers=()):
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, [4])
    made = helper.make_graph(list(nodes), "g", [], [out], list(initializers))
    made.sparse_initializer.extend(sparse_initializers)
    return made


def branch(node):
    return helper.make_node(
        "If", ["x"], ["y"], then_branch=graph([node]), else_branch=graph([constant(value_float=1.0)])
    )


def in_function(node):
    return [helper.make_function("d", "f", [], ["c"], [node], [helper.make_opsetid("", 18)])]


PLACES = {
    "initializer": lambda t: helper.make_model(graph(initializers=[t])),
    "sparse initializer": lambda t: helper.make_model(graph(sparse_initializers=[sparse(t)])),
    "attribute": lambda t: helper.make_model(graph([constant(value=t)])),
    "branch": lambda t: helper.make_model(graph([branch(constant(value=t))])),
    "branch in a branch": lambda t: helper.make_model(graph([branch(branch(constant(value=t)))])),
    "function": lambda t: helper.make_model(graph(), functions=in_function(constant(value=t))),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("location", ["weights.data", "../../../etc/passwd", "/etc/passwd"])
def test_external_data_is_found_and_refused(tmp_path, place, location):
    path = tmp_path / "model.onnx"
    path.write_bytes(PLACES[place](tensor(location)).SerializeToString())
    assert has_external_data(path)
    with pytest.raises(ModelFolderError, match="keeps tensors in other files"):
        OnnxBackend(path)


@pytest.mark.parametrize("place", PLACES)
def test_a_graph_that_stands_alone_is_known_as_such(tmp_path, place):
    path = tmp_path / "model.onnx"
    path.write_bytes(PLACES[place](tensor()).SerializeToString())
    assert not has_external_data(path)


def test_the_shipped_graph_stands_alone():
    assert not has_external_data(ROOT / "models/iraqcoal-mini/model.onnx")


@given(data=st.binary(max_size=60) | st.binary(max_size=6).map(lambda data: b"\x3a\x08\x2a\x06" + data))
def test_any_bytes_are_read_or_refused(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("any") / "model.onnx"
    path.write_bytes(data)
    try:
        found = has_external_data(path)
    except ValueError:
        return
    with pytest.MonkeyPatch.context():
        try:
            made = onnx.load_model_from_string(data)
        except Exception:  # protobuf checks more than the way to the tensors
            return
    tensors = [*made.graph.initializer]
    assert found or not any(t.external_data or t.data_location for t in tensors)


@pytest.mark.parametrize(
    "content", [b"", b"\x00", b"not a graph at all", b"\x3a\xff\xff\xff\xff\x0f", b"\x08" + b"\xff" * 11]
)
def test_a_damaged_graph_is_one_clear_line(tmp_path, content):
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelFolderError, match=r"model\.onnx: ") as caught:
        OnnxBackend(path)
    assert "\n" not in str(caught.value)
