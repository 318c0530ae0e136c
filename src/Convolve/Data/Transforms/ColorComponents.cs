using System.Globalization;

namespace Convolve.Data.Transforms;

/// <summary>
/// The main directions of color over a set of pixels: the columns p_i l_i, eigenvectors of their covariance times eigenvalues (in units of
/// byte / 255), in the order red, green, blue, the largest first.
/// </summary>
internal sealed record ColorComponents
{
    private readonly float[] _directions;

    /// <param name="directions">Nine numbers: what the first, second and third component add to red, green and blue.</param>
    /// <exception cref="DatasetException">They are not nine finite numbers.</exception>
    public ColorComponents(ReadOnlySpan<float> directions)
    {
        _directions = directions.ToArray();
        if (_directions.Length != 9 || !_directions.All(float.IsFinite))
            throw new DatasetException($"Expected 9 finite numbers of color components, got {_directions.Length}.");
    }

    /// <summary>What a component (0 to 2) adds to a channel at the amount 1.</summary>
    public float this[int component, int channel] => _directions[component * 3 + channel];

    /// <summary>Computes them over all pixels of a split, from exact sums.</summary>
    /// <exception cref="DatasetException">The split is empty or its images are not of three channels.</exception>
    public static ColorComponents Of(Split split)
    {
        if (split.Count == 0 || split.Dataset.Channels != 3)
        {
            throw new DatasetException(
                $"{split}, of {split.Dataset.Channels} channels, has no colors. Leave lighting out.");
        }

        long[] sums = new long[9];
        long pixels = 0;
        byte[] buffer = [];
        foreach (int index in split.Indices)
        {
            if (buffer.Length < split.Dataset.BufferLengthOf(index))
                buffer = new byte[split.Dataset.BufferLengthOf(index)];
            ReadOnlySpan<byte> image = split.Dataset.Read(index, buffer);
            Add(image, sums);
            pixels += image.Length / 3;
        }

        double[,] covariance = new double[3, 3];
        for (int i = 0, at = 3; i < 3; i++)
        {
            for (int j = i; j < 3; j++, at++)
            {
                // Sums of bytes times counts stay far below 2^127: no digits are lost to the mean.
                Int128 exact = (Int128)pixels * sums[at] - (Int128)sums[i] * sums[j];
                covariance[i, j] = covariance[j, i] = (double)exact / ((double)pixels * pixels) / (255.0 * 255.0);
            }
        }

        return FromCovariance(covariance);
    }

    /// <summary>The components of a symmetric matrix, by Jacobi's rotations; each has its largest entry above 0.</summary>
    internal static ColorComponents FromCovariance(double[,] covariance)
    {
        double[,] a = (double[,])covariance.Clone(), v = { { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 1 } };
        for (int sweep = 0; sweep < 30; sweep++)
            foreach ((int p, int q) in ((int, int)[])[(0, 1), (0, 2), (1, 2)])
                Rotate(a, v, p, q);

        float[] directions = new float[9];
        int[] order = [.. Enumerable.Range(0, 3).OrderByDescending(i => a[i, i])];
        for (int i = 0; i < 3; i++)
        {
            double[] vector = [v[0, order[i]], v[1, order[i]], v[2, order[i]]];
            double sign = Math.Sign(vector.MaxBy(Math.Abs)), value = Math.Max(a[order[i], order[i]], 0);
            for (int c = 0; c < 3; c++)
                directions[i * 3 + c] = (float)(sign * vector[c] * value);
        }

        return new(directions);
    }

    /// <inheritdoc/>
    public bool Equals(ColorComponents? other) => other is not null && _directions.AsSpan().SequenceEqual(other._directions);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_directions[0], _directions[4], _directions[8]);

    /// <summary>The nine numbers between slashes, in their shortest exact form.</summary>
    public override string ToString() => string.Join('/', _directions.Select(d => d.ToString("R", CultureInfo.InvariantCulture)));

    internal static ColorComponents? Parse(string text)
    {
        string[] parts = text.Split('/');
        float[] values = new float[9];
        for (int i = 0; i < 9; i++)
            if (parts.Length != 9 || !TransformFields.IsNumber(parts[i], out values[i]))
                return null;
        return new(values);
    }

    private static void Add(ReadOnlySpan<byte> image, long[] sums)
    {
        int plane = image.Length / 3;
        ReadOnlySpan<byte> red = image[..plane], green = image.Slice(plane, plane), blue = image.Slice(2 * plane, plane);
        // A part's sums stay below 2^31.
        for (int start = 0; start < plane; start += 16_384)
        {
            uint r = 0, g = 0, b = 0, rr = 0, rg = 0, rb = 0, gg = 0, gb = 0, bb = 0;
            for (int i = start; i < Math.Min(start + 16_384, plane); i++)
            {
                uint x = red[i], y = green[i], z = blue[i];
                (r, g, b, rr, rg, rb, gg, gb, bb) = (r + x, g + y, b + z, rr + x * x, rg + x * y, rb + x * z, gg + y * y, gb + y * z,
                    bb + z * z);
            }

            (sums[0], sums[1], sums[2]) = (sums[0] + r, sums[1] + g, sums[2] + b);
            (sums[3], sums[4], sums[5]) = (sums[3] + rr, sums[4] + rg, sums[5] + rb);
            (sums[6], sums[7], sums[8]) = (sums[6] + gg, sums[7] + gb, sums[8] + bb);
        }
    }

    private static void Rotate(double[,] a, double[,] v, int p, int q)
    {
        if (a[p, q] == 0)
            return;
        double theta = (a[q, q] - a[p, p]) / (2 * a[p, q]);
        double t = (theta >= 0 ? 1 : -1) / (Math.Abs(theta) + Math.Sqrt(theta * theta + 1)), c = 1 / Math.Sqrt(t * t + 1), s = t * c;
        for (int k = 0; k < 3; k++)
            (a[k, p], a[k, q]) = (c * a[k, p] - s * a[k, q], s * a[k, p] + c * a[k, q]);
        for (int k = 0; k < 3; k++)
            (a[p, k], a[q, k]) = (c * a[p, k] - s * a[q, k], s * a[p, k] + c * a[q, k]);
        for (int k = 0; k < 3; k++)
            (v[k, p], v[k, q]) = (c * v[k, p] - s * v[k, q], s * v[k, p] + c * v[k, q]);
    }
}
