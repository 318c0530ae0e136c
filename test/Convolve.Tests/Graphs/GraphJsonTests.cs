using Convolve.Graphs;
using Convolve.Layers;

namespace Convolve.Tests.Graphs;

public class GraphJsonTests
{
    private const string Tiny = """
        {"name":"tiny","input":[2,8,9],"nodes":[
          {"name":"conv1","type":"Conv2d","inputs":["input"],"filters":6,"kernel":[3,5],"stride":2,"padding":"same","bias":false},
          {"name":"relu1","type":"LeakyReLU","inputs":["conv1"],"slope":0.1},
          {"name":"pool1","type":"AvgPool2d","inputs":["relu1"],"kernel":2,"padding":[1,0],"countPadding":false},
          {"name":"concat1","type":"Concat","inputs":["pool1","pool1"]},
          {"name":"flatten1","type":"Flatten","inputs":["concat1"]},
          {"name":"dropout1","type":"Dropout","inputs":["flatten1"]},
          {"name":"fc1","type":"Linear","inputs":["dropout1"],"units":10,"initialization":{"weights":"normal(0.01)","biases":"constant(1)"}}
        ]}
        """;

    [Fact]
    public void Reads_and_writes_the_same_text()
    {
        Graph graph = GraphJson.Read(Tiny);
        Assert.Equal("tiny: 2x8x9 -> 10, 910 parameters", graph.ToString());
        Assert.Equal(Tiny, GraphJson.Write(graph));
    }

    [Fact]
    public void Reads_what_a_graph_is()
    {
        GraphBuilder net = new("tiny", (2, 8, 9));
        var pool = net.Chain(net.Input, new Conv2d(6, (3, 5), stride: 2, padding: Padding.Same, bias: false), new LeakyReLU(0.1f),
            new AvgPool2d(2, padding: (1, 0), countPadding: false));
        Graph expected = net.Build(net.Chain(net.Add(new Concat(), pool, pool), new Flatten(), new Dropout(),
            new Linear(10) { Initialization = new(new Normal(0.01f), new Constant(1)) }));
        Assert.Equal(expected, GraphJson.Read(Tiny));
    }

    [Fact]
    public void Names_and_inputs_may_be_left_out()
    {
        Graph graph =
            GraphJson.Read(
            Nodes("""{"type":"Conv2d","filters":4,"kernel":3}, {"type":"ReLU","name":"conv2"}, """ +
                """{"type":"Conv2d","filters":4,"kernel":1}, {"type":"Add","inputs":["conv1","conv3"]}"""));
        Assert.Equal(["input", "conv1", "conv2", "conv3", "add1"], graph.Nodes.Select(n => n.Name));
        Assert.Equal("0 1 2 1,3", string.Join(' ', graph.Nodes.Skip(1).Select(n => string.Join(',', n.Inputs.Select(i => i.Index)))));
    }

    [Fact]
    public void Names_of_any_script_survive()
    {
        GraphBuilder net = new("Netz \"groß\"\n", (1, 4, 4));
        Graph graph = net.Build(net.AddNamed("卷积 \\ 1", new Conv2d(2, 3), net.Input));
        Assert.Equal(graph, GraphJson.Read(GraphJson.Write(graph)));
    }

    private const string KnownKinds =
        "Conv2d, Linear, BatchNorm2d, BatchNorm1d, LocalResponseNorm, MaxPool2d, MinPool2d, AvgPool2d, AdaptiveAvgPool2d, GlobalAvgPool, "
        + "ReLU, LeakyReLU, PReLU, Tanh, Sigmoid, GELU, SiLU, Softmax, Resize, Dropout, Flatten, PadChannels, Add, Concat";

    public static TheoryData<string, string, string> Wrong => new()
    {
        { "", "The network is not JSON: line 1, column 1: The input does not contain any JSON tokens. Expected the input to start with " +
            "a valid JSON token, when isFinalBlock is true.", "" },
        { "{\n  \"name\": tiny\n}",
        "The network is not JSON: line 2, column 12: 'tiny }' is an invalid JSON literal. Expected the literal 'true'.", "" },
        { "[]", "The network: expected an object, got [].", "line 1, column 1: $" },
        { "{}", "The network: \"name\" is missing; expected a string.", "line 1, column 1: $" },
        { """{"name":1}""", "The network: \"name\": expected a string, got 1.", "line 1, column 9: $.name" },
        { """{"name":"x","name":"y"}""", "The network: \"name\" is there twice.", "line 1, column 20: $.name" },
        { """{"name":"x","input":[1,28],"nodes":[]}""",
        "The network: \"input\": expected [channels, height, width] or [features], got [1,28].", "line 1, column 21: $.input" },
        { """{"name":"x","input":[1,0,28],"nodes":[]}""",
        "The network: \"input\": expected [channels, height, width] or [features], got [1,0,28].", "line 1, column 21: $.input" },
        { """{"name":"x","input":[1,28,28]}""", "The network: \"nodes\" is missing; expected a list of nodes.", "line 1, column 1: $" },
        { """{"name":"x","input":[1,28,28],"nodes":[]}""", "The network \"x\" has no layers. Add at least one.", "" },
        { """{"name":"x","input":[1,28,28],"nodes":[7]}""", "Node 1: expected an object, got 7.", "line 1, column 40: $.nodes[0]" },
        { """{"name":"x","input":[1,28,28],"nodes":[{"name":"a"}]}""", "Node 1 \"a\": \"type\" is missing; expected a kind of layer.",
        "line 1, column 40: $.nodes[0]" },
        { Node(""" "type":"ReLu" """), $"Node 1 \"a\": \"ReLu\" is not a kind of layer. Did you mean ReLU? Use one of {KnownKinds}.",
        "line 1, column 78: $.nodes[0].type" },
        { Node(""" "type":"Input" """), $"Node 1 \"a\": \"Input\" is not a kind of layer. Use one of {KnownKinds}.",
        "line 1, column 78: $.nodes[0].type" },
        { Node(""" "type":"Conv2d","kernel":3 """), "Node 1 \"a\": \"filters\" is missing; expected a whole number.",
        "line 1, column 40: $.nodes[0]" },
        { Node(""" "type":"Conv2d","filters":1.5,"kernel":3 """), "Node 1 \"a\": \"filters\": expected a whole number, got 1.5.",
        "line 1, column 97: $.nodes[0].filters" },
        { Node(""" "type":"Conv2d","filters":99999999999,"kernel":3 """),
        "Node 1 \"a\": \"filters\": expected a whole number, got 99999999999.", "line 1, column 97: $.nodes[0].filters" },
        { Node(""" "type":"Conv2d","filters":4,"kernel":"3x3" """),
        "Node 1 \"a\": \"kernel\": expected a whole number or a pair [height, width], got \"3x3\".",
        "line 1, column 108: $.nodes[0].kernel" },
        { Node(""" "type":"Conv2d","filters":4,"kernel":[3,3,3] """),
        "Node 1 \"a\": \"kernel\": expected a whole number or a pair [height, width], got [3,3,3].",
        "line 1, column 108: $.nodes[0].kernel" },
        { Node(""" "type":"Conv2d","filters":4,"kernel":3,"padding":"valid" """),
        "Node 1 \"a\": \"padding\": expected a whole number, a pair [height, width] or \"same\", got \"valid\".",
        "line 1, column 120: $.nodes[0].padding" },
        { Node(""" "type":"Conv2d","filters":4,"kernel":3,"bias":0 """), "Node 1 \"a\": \"bias\": expected true or false, got 0.",
        "line 1, column 117: $.nodes[0].bias" },
        { Node(""" "type":"Conv2d","filters":4,"kernel":3,"strides":2 """),
        "Node 1 \"a\": \"strides\" is unknown here. Did you mean stride? Use one of name, type, inputs, filters, kernel, stride, " +
        "padding, dilation, groups, bias, initialization.", "line 1, column 120: $.nodes[0].strides" },
        { Node(""" "type":"Conv2d","filters":4,"kernel":0 """),
        "Node 1 \"a\": Conv2d(4, 0): kernel, stride and dilation must be at least 1. Dilation 1 means dense.",
        "line 1, column 40: $.nodes[0]" },
        { Node(""" "type":"Linear","units":3 """),
        "Linear(3) \"a\": it takes a vector, but its input is an image of 1x28x28. Put a Flatten() before it.",
        "line 1, column 40: $.nodes[0]" },
        { Node(""" "type":"Conv2d","filters":4,"kernel":3,"initialization":"he" """),
        "Node 1 \"a\": \"initialization\": expected an object, got \"he\".", "line 1, column 127: $.nodes[0].initialization" },
        { Node(""" "type":"Conv2d","filters":4,"kernel":3,"initialization":{"weights":"pytorch"} """),
        "Node 1 \"a\": \"initialization\": \"biases\" is missing; expected the name of an initializer.",
        "line 1, column 127: $.nodes[0].initialization" },
        { Node(""" "type":"Conv2d","filters":4,"kernel":3,"initialization":{"weights":"he","biases":"pytorch"} """),
        "Node 1 \"a\": \"initialization\": \"weights\": \"he\" is not an initializer. Use one of kaiming-normal, kaiming-normal-fan-out, " +
        "kaiming-uniform, xavier-normal, xavier-uniform, pytorch, normal(S), constant(V).",
        "line 1, column 138: $.nodes[0].initialization.weights" },
        { Node(""" "type":"LeakyReLU","slope":1e99 """), "Node 1 \"a\": \"slope\": expected a number, got 1e99.",
        "line 1, column 98: $.nodes[0].slope" },
        { Node(""" "type":"Dropout","probability":1 """),
        "Node 1 \"a\": Dropout(1): the probability must be at least 0 and below 1. 0.5 is usual before wide fully connected layers.",
        "line 1, column 40: $.nodes[0]" },
        { """{"name":"x","input":[1,28,28],"nodes":[{"name":"a","type":"ReLU","inputs":["b"]}]}""",
        "Node 1 \"a\": its input \"b\" is not a node. The nodes before it are input.", "line 1, column 76: $.nodes[0].inputs[0]" },
        { """{"name":"x","input":[1,28,28],"nodes":[{"name":"a","type":"ReLU","inputs":[]}]}""",
        "Node 1 \"a\": \"inputs\": expected a list of names of nodes, got [].", "line 1, column 75: $.nodes[0].inputs" },
        { """{"name":"x","input":[1,28,28],"nodes":[""" +
            """{"name":"a","type":"ReLU","inputs":["input"]},{"name":"a","type":"ReLU","inputs":["a"]}]}""",
            "Node 2 \"a\": ReLU(): the name \"a\" is taken. Every node needs a unique name.",
            "line 1, column 86: $.nodes[1]" },
        { """{"name":"x","input":[1,28,28],"nodes":[""" +
            """{"name":"a","type":"ReLU","inputs":["input"]},{"name":"b","type":"ReLU","inputs":["input"]}]}""",
            "ReLU() \"a\": nothing on the path to the output uses it. Add an edge or leave it out.", "line 1, column 40: $.nodes[0]" },
        { """{"name":"x","input":[1,28,28],"nodes":[],"version":2}""",
        "The network: \"version\" is unknown here. Use one of name, input, nodes.", "line 1, column 52: $.version" },
        { """{"name":"x","input":[2147483647,2147483647,2147483647],"nodes":[{"name":"a","type":"Flatten","inputs":["input"]}]}""",
        "Flatten() \"a\": a size overflows. Use smaller images or a smaller network.", "line 1, column 65: $.nodes[0]" },
        { """{"name":"x","input":[1,28,28],"nodes":[{"type":"Conv2d","filter":4,"kernel":3}]}""",
        "Node 1: \"filters\" is missing; expected a whole number. There is \"filter\": did you mean that?",
        "line 1, column 40: $.nodes[0]" },
        { Nodes("""{"name":"conv1","type":"ReLU"}, {"type":"ReLU","inputs":["conv2"]}"""),
        "Node 2: its input \"conv2\" is not a node. Did you mean conv1? The nodes before it are input, conv1.",
        "line 2, column 60: $.nodes[1].inputs[0]" },
        { Nodes("""{"name":"a","type":"ReLU","inputs":[7]}"""),
        "Node 1 \"a\": \"inputs\": expected the name of a node before it, got 7.",
        "line 2, column 39: $.nodes[0].inputs[0]" },
        { Nodes("""{"name":"a","type":"ReLU","inputs":["b"]}, {"name":"b","type":"ReLU","inputs":["input"]}"""),
        "Node 1 \"a\": its input \"b\" comes after it, but a node's inputs must come before it. Move one of the two.",
        "line 2, column 39: $.nodes[0].inputs[0]" },
        { Nodes("""{"name":"a","type":"ReLU","inputs":["a"]}"""),
        "Node 1 \"a\": its input \"a\" closes a cycle: \"a\" needs \"a\". A network can't have cycles: remove one of these inputs.",
        "line 2, column 39: $.nodes[0].inputs[0]" },
        { Nodes(
        """{"name":"a","type":"Add","inputs":["input","c"]}, {"name":"b","type":"ReLU","inputs":["a"]}, """ +
        """{"name":"c","type":"ReLU","inputs":["b"]}"""),
        "Node 1 \"a\": its input \"c\" closes a cycle: \"a\" needs \"c\" needs \"b\" needs \"a\". A network can't have cycles: remove " +
        "one of these inputs.",
        "line 2, column 46: $.nodes[0].inputs[1]" },
        { Nodes("""{"name":"größe","type":"ReLU"}, {"type":"Dropout","probability":"half"}"""),
        "Node 2: \"probability\": expected a number, got \"half\".", "line 2, column 67: $.nodes[1].probability" },
        { "{\"name\":\"\\ud800\",\"input\":[1,1,1]}", "The network is not JSON: a string in it is not Unicode.", "" },
    };

    [Theory, MemberData(nameof(Wrong))]
    public void Says_what_came_what_was_expected_and_where(string json, string message, string place) =>
        Assert.Equal(place.Length > 0 ? $"{message} See {place}." : message,
            Assert.Throws<NetworkException>(() => GraphJson.Read(json)).Message);

    // Every text with a byte dropped, doubled or replaced is read, or refused with the one exception.
    [Fact]
    public void Hostile_texts_throw_nothing_else()
    {
        const string Bytes = "{}[]\":,0-9e\\ ntu\0\uffff\ud800";
        for (int i = 0; i < Tiny.Length; i++)
        {
            RequireNetworkOrException(Tiny.Remove(i, 1));
            RequireNetworkOrException(Tiny.Insert(i, Tiny.Substring(i, 1)));
            RequireNetworkOrException(Tiny[..i]);
            foreach (char other in Bytes)
                RequireNetworkOrException(Tiny[..i] + other + Tiny[(i + 1)..]);
        }
    }

    [Theory]
    [InlineData("2147483647")]
    [InlineData("-2147483648")]
    [InlineData("1e400")]
    [InlineData("-0")]
    [InlineData("null")]
    [InlineData("[2147483647,2147483647]")]
    [InlineData("{\"weights\":\"constant(1e999)\",\"biases\":\"normal(-1)\"}")]
    public void Hostile_values_throw_nothing_else(string value)
    {
        string[] parts = Tiny.Split("\":");
        for (int i = 1; i < parts.Length; i++)
        {
            string rest = parts[i].TrimStart();
            int end = rest[0] switch
            {
                '[' => rest.IndexOf(']') + 1,
                '"' => rest.IndexOf('"', 1) + 1,
                _ => rest.IndexOfAny([',', '}', '\n'])
            };
            if (end > 0)
                RequireNetworkOrException(string.Join("\":", [.. parts[..i], value + rest[end..], .. parts[(i + 1)..]]));
        }
        foreach (string option in new[] { "stride", "padding", "dilation", "groups", "bias", "initialization" })
            RequireNetworkOrException(Node($"\"type\":\"Conv2d\",\"filters\":4,\"kernel\":3,\"{option}\":{value}"));
    }

    [Fact]
    public void Deep_nesting_throws_nothing_else() => RequireNetworkOrException(new string('[', 100_000));

    private static string Nodes(string nodes) => $$"""
        {"name":"x","input":[1,28,28],"nodes":[
          {{nodes}}
        ]}
        """;

    private static string Node(string options) =>
        $$"""{"name":"x","input":[1,28,28],"nodes":[{"name":"a","inputs":["input"],{{options.Trim()}}}]}""";

    private static void RequireNetworkOrException(string json)
    {
        try
        {
            _ = GraphJson.Read(json).MultiplyAdds;
        }
        catch (NetworkException e)
        {
            Assert.NotEmpty(e.Message);
        }
    }
}
