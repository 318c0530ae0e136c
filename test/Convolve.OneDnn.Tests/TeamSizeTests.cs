using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Threads;
using Convolve.Testing;

namespace Convolve.OneDnn.Tests;

[Collection(nameof(Alone))]
public sealed class TeamSizeTests : IDisposable
{
    private readonly int _threads = ThreadTeam.Threads;

    public void Dispose() => ThreadTeam.Resize(_threads);

    // A kernel divides its work among the threads of the team it was compiled for; the result may not depend on how many there are.
    [NeedsFact(Feature.Library)]
    public void A_kernel_gives_the_same_for_every_size_of_the_team()
    {
        ConvolutionForward operation = new(true, Layout.Any(ElementType.Float32, 3, 16, 9, 9),
            Layout.Any(ElementType.Float32, 16, 16, 3, 3), null, Layout.Any(ElementType.Float32, 3, 16, 7, 7),
            new((1, 1), (1, 1), (0, 0), (0, 0)));
        Dictionary<Argument, float[]> inputs = new()
        {
            [Argument.Source] = KernelRunner.Numbers(3 * 16 * 81, 1),
            [Argument.Weights] = KernelRunner.Numbers(16 * 16 * 9, 2),
        };
        float[][] results = [.. new[] { 1, 2, 5 }.Select(threads =>
        {
            ThreadTeam.Resize(threads);
            return KernelRunner.Run(operation, inputs)[Argument.Target];
        })];
        Assert.All(results, result => Assert.Equal(results[0], result));
    }
}
