using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Copies;

//     for each plane, each output pixel:  target = four neighbors by their shares;  or  diffSource += the shares of diffTarget
//
// planes  [H][W] and [OH][OW] of pixels of 1 or 16 channels, float32 or bfloat16
// scratch a plane of gradients in float32 of each thread
// Bound: loads and stores, four a pixel.

/// <summary>Bilinear interpolation of images between the centers of the pixels, or its gradient.</summary>
internal sealed unsafe class ResamplingKernel : TeamKernel
{
    private readonly Layout _small, _large;
    private readonly bool _isBack, _isBFloat16;
    private readonly int _unit, _planes, _height, _width, _outHeight, _outWidth;
    private readonly (int At, float Share)[] _rows, _columns;

    public ResamplingKernel(Layout source, Layout target, bool isBack) : base("own resampling", Speed.Tuned)
    {
        (_small, _large, _isBack) = (source, target, isBack);
        Has(isBack ? Argument.DiffSource : Argument.Source, source);
        Has(isBack ? Argument.DiffTarget : Argument.Target, target);
        _isBFloat16 = source.Type == ElementType.BFloat16;
        _unit = source.IsBlockedBy(Pixel.Channels) ? Pixel.Channels : 1;
        _planes = (int)source.Sizes[0] * (((int)source.Sizes[1] + _unit - 1) / _unit);
        (_height, _width) = ((int)_small.Sizes[2], (int)_small.Sizes[3]);
        (_outHeight, _outWidth) = ((int)_large.Sizes[2], (int)_large.Sizes[3]);
        (_rows, _columns) = (Shares(_height, _outHeight), Shares(_width, _outWidth));
    }

    protected override long ScratchpadBytes => _isBack ? Threads * PlaneBytes : 0;

    private long PlaneBytes => ((long)_height * _width * _unit * sizeof(float) + 63) / 64 * 64;

    // Of each output: the pixel before, and the share of the one behind it.
    private static (int, float)[] Shares(int input, int output)
    {
        var shares = new (int, float)[output];
        for (int i = 0; i < output; i++)
        {
            double at = Math.Clamp((i + 0.5) * input / output - 0.5, 0, input - 1);
            int before = Math.Min((int)at, Math.Max(0, input - 2));
            shares[i] = (before, (float)(at - before));
        }
        return shares;
    }

    protected override void Run(int phase, int thread, int threads)
    {
        for (int plane = (int)((long)_planes * thread / threads); plane < (int)((long)_planes * (thread + 1) / threads); plane++)
            if (_isBack)
                Backward(plane, (float*)Scratch(thread * PlaneBytes));
            else
                Forward(plane);
    }

    private void Forward(int plane)
    {
        Pixels source = new(At(Argument.Source), (long)plane * _height * _width * _unit, _isBFloat16);
        Pixels target = new(At(Argument.Target), (long)plane * _outHeight * _outWidth * _unit, _isBFloat16);
        for (int y = 0; y < _outHeight; y++)
            for (int x = 0; x < _outWidth; x++)
            {
                (int row, float high) = _rows[y];
                (int column, float wide) = _columns[x];
                int below = high > 0 ? _width : 0, right = wide > 0 ? 1 : 0;
                for (int c = 0; c < _unit; c++)
                {
                    long at = (row * _width + column) * (long)_unit + c;
                    float top = source[at] * (1 - wide) + source[at + right * _unit] * wide;
                    float bottom = source[at + below * _unit] * (1 - wide) + source[at + (below + right) * _unit] * wide;
                    target.Set((y * _outWidth + x) * (long)_unit + c, top * (1 - high) + bottom * high);
                }
            }
    }

    private void Backward(int plane, float* sums)
    {
        Pixels source = new(At(Argument.DiffSource), (long)plane * _height * _width * _unit, _isBFloat16);
        Pixels target = new(At(Argument.DiffTarget), (long)plane * _outHeight * _outWidth * _unit, _isBFloat16);
        new Span<float>(sums, _height * _width * _unit).Clear();
        for (int y = 0; y < _outHeight; y++)
            for (int x = 0; x < _outWidth; x++)
            {
                (int row, float high) = _rows[y];
                (int column, float wide) = _columns[x];
                int below = high > 0 ? _width : 0, right = wide > 0 ? 1 : 0;
                for (int c = 0; c < _unit; c++)
                {
                    float* at = sums + (row * _width + column) * (long)_unit + c;
                    float diff = target[(y * _outWidth + x) * (long)_unit + c];
                    at[0] += (1 - high) * (1 - wide) * diff;
                    at[right * _unit] += (1 - high) * wide * diff;
                    at[below * _unit] += high * (1 - wide) * diff;
                    at[(below + right) * _unit] += high * wide * diff;
                }
            }
        for (long i = 0; i < (long)_height * _width * _unit; i++)
            source.Set(i, sums[i]);
    }

    private readonly struct Pixels(nint address, long first, bool isBFloat16)
    {
        public float this[long at] => isBFloat16 ? BFloat16.ToSingle(((ushort*)address)[first + at]) : ((float*)address)[first + at];

        public void Set(long at, float value)
        {
            if (isBFloat16)
                ((ushort*)address)[first + at] = BFloat16.FromSingle(value);
            else
                ((float*)address)[first + at] = value;
        }
    }
}
