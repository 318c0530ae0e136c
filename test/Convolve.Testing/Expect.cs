using System.Runtime.CompilerServices;
using System.Text;
using Xunit;

namespace Convolve.Testing;

/// <summary>
/// Assert.True for loops over many values: the message is put together only when the test fails. Assert.True formats it every time, which
/// can take far longer than what is tested.
/// </summary>
internal static class Expect
{
    /// <summary>Fails with the message unless the condition holds.</summary>
    public static void True(bool condition, [InterpolatedStringHandlerArgument(nameof(condition))] ref Message message)
    {
        if (!condition)
            Assert.Fail(message.ToString());
    }

    /// <summary>An interpolated string whose parts are evaluated only after a failure.</summary>
    [InterpolatedStringHandler]
    public readonly struct Message
    {
        private readonly StringBuilder? _text;

        public Message(int literalLength, int formattedCount, bool condition, out bool isNeeded)
        {
            isNeeded = !condition;
            _text = isNeeded ? new(literalLength + 16 * formattedCount) : null;
        }

        public void AppendLiteral(string text) => _text!.Append(text);

        public void AppendFormatted<T>(T value, string? format = null) =>
            _text!.Append(value is IFormattable formattable ? formattable.ToString(format, null) : value?.ToString());

        public override string ToString() => $"{_text}";
    }
}
