using Convolve.Kernels;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Threads;
using Convolve.Testing;

namespace Convolve.OneDnn.Tests;

/// <summary>What goes wrong is an exception that says what and where; nothing takes the process down.</summary>
public sealed class KernelErrorTests : IDisposable
{
    private static readonly Layout Data = Layout.Plain(ElementType.Float32, 4, 8);
    private readonly NativeBuffer _buffer = new(2 * Data.Bytes, "test");

    public void Dispose() => _buffer.Dispose();

    private static IKernelLibrary Library => KernelLibrary.Current;

    private static Kernel ReLU() => Library.Compile(new ElementwiseForward(new(ElementwiseKind.ReLU), Data), "relu7");

    private static ConvolutionForward Convolution(long outputRows) => new(true, Layout.Any(ElementType.Float32, 1, 3, 8, 8),
        Layout.Any(ElementType.Float32, 5, 3, 3, 3), null, Layout.Any(ElementType.Float32, 1, 5, outputRows, 6),
        new((1, 1), (1, 1), (0, 0), (0, 0)));

    [NeedsFact(Feature.Library)]
    public void A_wrong_shape_names_label_call_and_operation()
    {
        KernelLibraryException error = Assert.Throws<KernelLibraryException>(() => Library.Compile(Convolution(7), "conv7 forward"));
        Assert.StartsWith("conv7 forward: oneDNN reported \"invalid arguments\" for ", error.Message, StringComparison.Ordinal);
        Assert.Contains("primitive descriptor", error.Message, StringComparison.Ordinal);
        Assert.Contains("ConvolutionForward", error.Message, StringComparison.Ordinal);
        Assert.Contains("f32 1x5x7x6 any", error.Message, StringComparison.Ordinal);
        Assert.Throws<KernelLibraryException>(() => Library.Describe(Convolution(7)));
    }

    [NeedsFact(Feature.Library)]
    public void A_wrong_sum_and_a_wrong_reorder_are_refused()
    {
        Layout other = Layout.Plain(ElementType.Float32, 4, 9);
        Assert.Contains("Reorder", Assert.Throws<KernelLibraryException>(() => Library.Compile(new Reorder(Data, other), "copy")).Message,
            StringComparison.Ordinal);
        Assert.Contains("Sum", Assert.Throws<KernelLibraryException>(() => Library.Compile(new Sum(Data, 0), "sum1")).Message,
            StringComparison.Ordinal);
    }

    [NeedsFact(Feature.Library)]
    public void What_the_library_lacks_is_null_to_Describe_and_an_error_to_Compile()
    {
        // There is no convolution of whole numbers to bfloat16.
        ConvolutionForward operation = new(true, Layout.Any(ElementType.Int32, 1, 16, 9, 9),
            Layout.Any(ElementType.UInt8, 16, 16, 5, 5), null, Layout.Any(ElementType.BFloat16, 1, 16, 3, 3),
            new((2, 2), (1, 1), (0, 0), (0, 0)));
        Assert.Null(Library.Describe(operation));
        KernelLibraryException error = Assert.Throws<KernelLibraryException>(() => Library.Compile(operation, "conv3"));
        Assert.StartsWith($"conv3: {Library.Name} has no kernel for ConvolutionForward", error.Message, StringComparison.Ordinal);
        Assert.EndsWith($"on this CPU ({Library.InstructionSet}).", error.Message, StringComparison.Ordinal);
    }

    [NeedsTheory(Feature.Library)]
    [InlineData(-1)]
    [InlineData(-64)]
    [InlineData(129)]
    [InlineData(256)]
    [InlineData(1L << 40)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MaxValue - 127)]
    [InlineData(long.MinValue)]
    public void Binding_outside_the_buffer_is_refused(long offset)
    {
        using Kernel kernel = ReLU();
        Assert.Throws<ArgumentOutOfRangeException>(() => kernel.Bind(Argument.Source, Data, _buffer, offset));
    }

    [NeedsFact(Feature.Library)]
    public void Binding_up_to_the_end_of_the_buffer_works()
    {
        using Kernel kernel = ReLU();
        Span<float> all = _buffer.Span<float>(0, 64);
        for (int i = 0; i < 32; i++)
            all[i] = i - 16;
        kernel.Bind(Argument.Source, Data, _buffer, 0);
        kernel.Bind(Argument.Target, Data, _buffer, Data.Bytes);
        ThreadTeam.Invoke(kernel.Execute);
        Assert.Equal(Enumerable.Range(-16, 32).Select(x => (float)Math.Max(x, 0)), _buffer.Span<float>(Data.Bytes, 32).ToArray());
    }

    [NeedsFact(Feature.LibraryAvx512)]
    public void A_scratchpad_that_was_planned_too_small_is_refused()
    {
        Layout image = Layout.Any(ElementType.Float32, 64, 16, 6, 6), weights = Layout.Any(ElementType.Float32, 16, 16, 3, 3);
        ConvolutionForward forward = new(true, image, weights, null, image, new((1, 1), (1, 1), (1, 1), (1, 1)));
        ConvolutionBackwardWeights operation = new(image, weights, null, image, forward);
        int threads = ThreadTeam.Threads;
        ThreadTeam.Invoke(() =>
        {
            ThreadTeam.Resize(4); // each thread sums over its share of the images
            long needed = Library.Describe(operation)!.ScratchpadBytes;
            Assert.True(needed > 0);
            using Kernel kernel = Library.Compile(operation, "conv5");
            using NativeBuffer scratchpad = new(2 * needed, "test");
            KernelLibraryException missing = Assert.Throws<KernelLibraryException>(kernel.Execute);
            Assert.Equal($"conv5 needs a scratchpad of {needed} bytes, but none was bound.", missing.Message);
            ArgumentOutOfRangeException error =
                Assert.Throws<ArgumentOutOfRangeException>(() => kernel.BindScratchpad(scratchpad, 0, needed - 1));
            Assert.StartsWith($"conv5 needs a scratchpad of {needed} bytes, but {needed - 1} were planned.", error.Message,
                StringComparison.Ordinal);
            kernel.BindScratchpad(scratchpad, needed, needed);
            ThreadTeam.Resize(threads);
        });
    }

    [NeedsFact(Feature.Library)]
    public void A_kernel_without_its_arguments_is_refused()
    {
        using Kernel kernel = ReLU();
        kernel.Bind(Argument.Source, Data, _buffer, 0);
        KernelLibraryException error = Assert.Throws<KernelLibraryException>(() => ThreadTeam.Invoke(kernel.Execute));
        Assert.StartsWith("relu7: oneDNN reported \"invalid arguments\" for Dnnl.dnnl_primitive_execute for ElementwiseForward",
            error.Message, StringComparison.Ordinal);
    }

    [NeedsFact(Feature.Library)]
    public void A_disposed_kernel_neither_binds_nor_runs()
    {
        Kernel kernel = ReLU();
        kernel.Bind(Argument.Source, Data, _buffer, 0);
        kernel.Bind(Argument.Target, Data, _buffer, Data.Bytes);
        kernel.Dispose();
        kernel.Dispose();
        Assert.Throws<ObjectDisposedException>(kernel.Execute);
        Assert.Throws<ObjectDisposedException>(() => kernel.Bind(Argument.Source, Data, _buffer, 0));
    }

    [NeedsFact(Feature.Library)]
    public void A_disposed_buffer_cannot_be_bound_or_read()
    {
        using Kernel kernel = ReLU();
        NativeBuffer buffer = new(Data.Bytes, "test");
        buffer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => kernel.Bind(Argument.Source, Data, buffer, 0));
        Assert.Throws<ObjectDisposedException>(() => buffer.At(0, 4));
        Assert.Throws<ObjectDisposedException>(() => _ = buffer.Span<float>(0, 1)[0]);
    }

    [NeedsFact(Feature.Library)]
    public void The_library_says_which_it_is()
    {
        Assert.Matches(@"^oneDNN (2\.[67]|3\.\d+)\.\d+$", Library.Name);
        Assert.True(Enum.IsDefined(Library.InstructionSet));
    }
}
