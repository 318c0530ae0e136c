using System.Globalization;
using Convolve.Graphs;
using Convolve.Layers;

namespace Convolve.Drawing;

/// <summary>What a card's color means.</summary>
internal enum CardKind
{
    Input,
    Convolution,
    Linear,
    Pooling,
    Normalization,
    Activation,
    Merge,
    Dropout,
    Reshape,
}

/// <summary>A box of the drawing: a layer, with what follows it alone and keeps its shape (normalization, activation, dropout).</summary>
internal sealed class Card
{
    public const double TitleSize = 12, SmallSize = 10.5;
    private const int LongestText = 46;
    private const double Margin = 22, LineHeight = 15;
    private readonly List<Node> _nodes = [];

    private Card(Node head)
    {
        Kind = KindOf(head.Layer);
        _nodes.Add(head);
    }

    public CardKind Kind { get; }

    public IReadOnlyList<Node> Nodes => _nodes;

    public Node Head => _nodes[0];

    /// <summary>The cards whose results it reads, in the order of the edges.</summary>
    public List<Card> Inputs { get; } = [];

    /// <summary>The shape of what it gives.</summary>
    public Shape Output => _nodes[^1].Output;

    public long ParameterCount => _nodes.Sum(n => n.ParameterCount);

    /// <summary>The layer as in code; the bias doesn't matter here.</summary>
    public string Title => Shorten(Kind == CardKind.Input ? $"input {Output}"
        : $"{Head.Layer}".Replace(", bias: false", "", StringComparison.Ordinal).Replace("()", "", StringComparison.Ordinal));

    /// <summary>What else is in the card, such as "BatchNorm2d, ReLU".</summary>
    public string Others => Shorten(string.Join(", ", _nodes.Skip(1).Select(n => n.Layer is Dropout dropout
        ? string.Create(CultureInfo.InvariantCulture, $"Dropout {dropout.Probability}") : n.Layer.GetType().Name)));

    /// <summary>The name of the layer; a join of branches needs none.</summary>
    public string Name => Kind is CardKind.Input or CardKind.Merge ? "" : Shorten(Head.Name);

    public string Parameters => ParameterCount == 0 ? "" : ParameterCount.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>All of it, a layer a line.</summary>
    public string Tooltip => string.Join('\n', _nodes.Select(n => string.Create(CultureInfo.InvariantCulture,
        $"{n}{(n.ParameterCount > 0 ? $", {Format.Count(n.ParameterCount)} parameters" : "")}" +
        $"{(n.MultiplyAdds > 0 ? $", {Format.Count(n.MultiplyAdds)} multiply-adds" : "")}")));

    public double Width => Math.Max(Kind == CardKind.Merge ? 70 : 120,
        Margin + Math.Max(SvgWriter.WidthOf(Title, TitleSize),
        Math.Max(SvgWriter.WidthOf(Others, SmallSize), SvgWriter.WidthOf($"{Name}    {Parameters}", SmallSize))));

    public double Height => 12 + LineHeight * LineCount;

    public int LineCount => 1 + (Others.Length > 0 ? 1 : 0) + (Name.Length > 0 ? 1 : 0);

    /// <summary>What distinguishes cards that are drawn alike.</summary>
    public string Signature => string.Join(';', _nodes.Select(n => $"{n.Layer} {n.Input} {n.Output}"));

    /// <summary>The cards of a graph, in its order.</summary>
    public static IReadOnlyList<Card> Of(Graph graph)
    {
        int[] consumers = new int[graph.Nodes.Count];
        foreach (Node input in graph.Nodes.SelectMany(n => n.Inputs))
            consumers[input.Index]++;
        Card[] cardOf = new Card[graph.Nodes.Count];
        List<Card> cards = [];
        foreach (Node node in graph.Nodes)
        {
            bool joins = node.Inputs is [{ Layer: not Input } before] && consumers[before.Index] == 1
                && KindOf(node.Layer) is CardKind.Normalization or CardKind.Activation or CardKind.Dropout;
            Card card = joins ? cardOf[node.Inputs[0].Index] : new(node);
            cardOf[node.Index] = card;
            if (joins)
            {
                card._nodes.Add(node);
                continue;
            }
            card.Inputs.AddRange(node.Inputs.Select(input => cardOf[input.Index]));
            cards.Add(card);
        }
        return cards;
    }

    private static CardKind KindOf(Layer layer) => layer switch
    {
        Input => CardKind.Input,
        Conv2d => CardKind.Convolution,
        Linear => CardKind.Linear,
        MergeLayer => CardKind.Merge,
        BatchNorm or LocalResponseNorm => CardKind.Normalization,
        Activation => CardKind.Activation,
        Dropout => CardKind.Dropout,
        _ when layer.Stem == "pool" => CardKind.Pooling,
        _ => CardKind.Reshape,
    };

    private static string Shorten(string text) => text.Length <= LongestText ? text : text[..(LongestText - 3)] + "...";
}
