using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Threads;
using Convolve.Testing;

namespace Convolve.OneDnn.Tests;

/// <summary>Disposing gives everything back: many rounds leave the process as large as a few.</summary>
[Collection(nameof(Alone))]
public class LeakTests
{
    private const int Rounds = 200;

    [NeedsFact(Feature.Library)]
    public void Buffers_leave_nothing()
    {
        const int Bytes = 4 << 20;
        Cycle();
        (long virtualBytes, int mappings) = (ProcessMemory.VirtualBytes, ProcessMemory.Mappings);
        for (int i = 0; i < Rounds; i++)
            Cycle();
        Assert.True(ProcessMemory.VirtualBytes - virtualBytes < 20L * Bytes,
            $"{Rounds} buffers of {Bytes} bytes left {ProcessMemory.VirtualBytes - virtualBytes} bytes");
        Assert.True(ProcessMemory.Mappings - mappings < Rounds / 2, $"{Rounds} buffers left {ProcessMemory.Mappings - mappings} mappings");

        static void Cycle()
        {
            using NativeBuffer buffer = new(Bytes, "a test");
            buffer.Span<byte>(Bytes / 2, 1)[0] = 1;
        }
    }

    [NeedsFact(Feature.Library)]
    public void Kernels_leave_nothing()
    {
        IKernelLibrary library = KernelLibrary.Current;
        Layout plain = Layout.Plain(ElementType.Float32, 8, 32, 20, 20);
        ConvolutionForward operation = new(true, Layout.Any(ElementType.Float32, 8, 32, 20, 20),
            Layout.Any(ElementType.Float32, 32, 32, 3, 3), null, Layout.Any(ElementType.Float32, 8, 32, 20, 20),
            new((1, 1), (1, 1), (1, 1), (1, 1)));
        KernelDescription description = library.Describe(operation)!;
        using NativeBuffer buffer = new(description.Layouts.Values.Sum(l => l.Bytes) + description.ScratchpadBytes, "a test");
        ThreadTeam.Invoke(() =>
        {
            for (int i = 0; i < 20; i++)
                Cycle();
            long before = ProcessMemory.ResidentBytes;
            for (int i = 0; i < Rounds; i++)
                Cycle();
            long grown = ProcessMemory.ResidentBytes - before;
            Assert.True(grown < 16 << 20, $"{Rounds} kernels left {grown} bytes"); // one kept scratchpad of each would be 50 MiB
        });

        void Cycle()
        {
            using Kernel kernel = library.Compile(operation, "test");
            long offset = 0;
            foreach ((Argument argument, Layout layout) in description.Layouts)
            {
                kernel.Bind(argument, layout, buffer, offset);
                offset += layout.Bytes;
            }
            kernel.BindScratchpad(buffer, offset, description.ScratchpadBytes);
            kernel.Execute();
            using Kernel reorder = library.Compile(new Reorder(plain, description[Argument.Target]), "test");
        }
    }

    [NeedsFact(Feature.Library)]
    public void A_dropped_kernel_is_finalised()
    {
        WeakReference[] dropped = Drop();
        for (int i = 0; i < 10 && dropped.Any(d => d.IsAlive); i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        Assert.DoesNotContain(dropped, d => d.IsAlive);

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        static WeakReference[] Drop()
        {
            NativeBuffer buffer = new(4096, "a test");
            Layout layout = Layout.Plain(ElementType.Float32, 16);
            Kernel kernel = KernelLibrary.Current.Compile(new Sum(layout, 2), "test");
            kernel.Bind(Argument.FirstSource, layout, buffer, 0);
            return [new(kernel), new(buffer)];
        }
    }
}

/// <summary>Tests that look at the whole process, and so run while no others do.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public class Alone;
