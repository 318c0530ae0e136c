namespace Convolve.Imaging.Tests;

/// <summary>Small text in pictures.</summary>
public class PixelTextTests
{
    [Fact]
    public void A_letter_stands_where_it_is_put_in_every_plane()
    {
        byte[] planes = new byte[3 * 10 * 8];
        PixelText.Write(planes, 10, 8, "T", 1, 2, [10, 20, 30]);
        string[] expected = ["........", "........", ".#####..", "...#....", "...#....", "...#....", "...#....", "...#....", "...#....",
            "........"];
        for (int c = 0; c < 3; c++)
            Assert.Equal(expected, Enumerable.Range(0, 10)
                .Select(y => string.Concat(Enumerable.Range(0, 8).Select(x => planes[(c * 10 + y) * 8 + x] == 10 * (c + 1) ? '#' : '.'))));
    }

    [Fact]
    public void Every_printable_character_has_a_shape_of_its_own()
    {
        string[] shapes = [.. Enumerable.Range(' ', '~' - ' ' + 1).Select(c => Shape((char)c))];
        Assert.Equal(shapes.Length, shapes.Distinct().Count());
        Assert.Equal(Shape('e'), Shape('é'));
        Assert.Equal(Shape('S'), Shape('Š'));
        Assert.Equal(Shape('猫'), Shape('\n'));
        Assert.DoesNotContain(Shape('猫'), shapes);
    }

    [Fact]
    public void What_lies_outside_is_left_away()
    {
        byte[] plane = new byte[36];
        PixelText.Write(plane, 6, 6, "WWW", -3, -2, [9], scale: 2);
        Assert.Contains((byte)9, plane);
        Assert.Throws<ArgumentException>(() => PixelText.Write(plane, 6, 7, "W", 0, 0, [9]));
    }

    [Theory]
    [InlineData("Ankle boot", 112, 2, "Ankle b..")]
    [InlineData("Ankle boot", 119, 2, "Ankle boot")]
    [InlineData("Ankle boot", 41, 1, "Ankle..")]
    [InlineData("Ankle boot", 12, 1, "An")]
    [InlineData("Ankle boot", 0, 1, "")]
    public void Long_texts_are_shortened_to_what_fits(string text, int width, int scale, string expected)
    {
        Assert.Equal(expected, PixelText.Shorten(text, width, scale));
        Assert.InRange(PixelText.WidthOf(expected, scale), 0, width);
    }

    private static string Shape(char character)
    {
        byte[] plane = new byte[40];
        PixelText.Write(plane, 8, 5, character.ToString(), 0, 0, [1]);
        return Convert.ToHexString(plane);
    }
}
