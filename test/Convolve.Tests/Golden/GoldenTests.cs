using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Machines;
using Convolve.Kernels.Managed;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Testing;
using Convolve.Training.Optimizers;

namespace Convolve.Tests.Golden;

/// <summary>
/// Whole networks against PyTorch in float64. The images were chosen so that no ReLU and no pool is near a tie (2e-6 of the values' root
/// mean square at least), so rounding flips no element, but for one with AVX2, and 1e-5 holds through all layers: PyTorch's own float32 is
/// within 2e-6.
/// </summary>
public class GoldenTests
{
    // Winograd rounds to 1e-5, and where that flips a ReLU or the choice of a max pooling, the gradients below change by up to a percent.
    private const double ExactTolerance = 1e-5, WinogradTolerance = 2e-2;

    private static readonly string[] SmallNetworks = ["lenet5-tanh-max", "lenet5-sigmoid-avg", "lenet5-relu-max", "lenet5-keras",
        "cnn-bn-leaky", "resnet20"];

    /// <summary>Those that the reference runs in seconds.</summary>
    public static TheoryData<string> Small => [.. SmallNetworks];

    public static TheoryData<string> Names => [.. SmallNetworks, "alexnet-2012", "alexnet-d2l", "alexnet-torchvision"];

    [Theory, MemberData(nameof(Names))]
    public void The_files_are_of_the_zoos_networks(string name)
    {
        GoldenNetwork golden = GoldenNetwork.Read(name);
        Assert.Equal(GoldenTensors.State(golden.Graph).Select(state => (state.Name, state.Number, state.Spec.Count)),
            golden.Gradients.Concat(golden.Buffers).Select(t => (t.Name, t.Index, (long)t.Count)));
    }

    // Two programs that share nothing but the definitions agree to the digits of the file.
    [Theory, MemberData(nameof(Small))]
    public void The_reference_is_PyTorch(string name)
    {
        GoldenNetwork golden = GoldenNetwork.Read(name);
        Dictionary<string, double[]> state = golden.State().ToDictionary(s => s.Name, s => Compare.Widen(s.Values));
        ReferenceNetwork reference = new(golden.Graph, state);
        double[] images = Compare.Widen(golden.Images(0));
        ReferencePass pass = reference.ForwardBackward(images, golden.Labels(0));
        RequireNear("loss", [pass.Loss], [golden.Loss], 1e-8);
        RequireNear(golden.Gradients, name => TestTensors.Narrow(pass.Gradients[name]), 2e-7); // what float32 keeps
        RequireNear(golden.Buffers, name => TestTensors.Narrow(state[name]), 2e-7);
        RequireNear("logits", reference.Forward(images), golden.Logits, 1e-8);
    }

    [Theory, MemberData(nameof(Names))]
    public void Float32_is_PyTorch(string name) =>
        RequirePass(name, new() { Precision = Precision.Float32, Exact = true }, ExactTolerance,
        gradient => GradientTolerance(name, gradient));

    [Theory, MemberData(nameof(Names))]
    public void Winograd_is_near_PyTorch(string name) =>
        RequirePass(name, new() { Precision = Precision.Float32 }, WinogradTolerance, _ => WinogradTolerance);

    // Own sums, and the library's for AVX2, are in another order, and there one ReLU or maximum behind conv5 of this network comes out
    // otherwise.
    private static double GradientTolerance(string name, string gradient) =>
        name == "alexnet-torchvision"
            && (KernelLibrary.Current is ManagedKernels || KernelLibrary.Current.InstructionSet < InstructionSet.Avx512)
            && gradient.StartsWith("conv", StringComparison.Ordinal)
            ? WinogradTolerance : ExactTolerance;

    // The cosines that PyTorch's autocast reaches stand in the files: .97 for the first convolution of AlexNet, .98 and more elsewhere, but
    // .93 to .99 through the twenty normalized layers of the ResNet, where those of 16 numbers come out higher or lower by chance.
    [NeedsTheory(Feature.BFloat16), MemberData(nameof(Names))]
    public void BFloat16_points_where_PyTorch_points(string name)
    {
        GoldenNetwork golden = GoldenNetwork.Read(name);
        using Model model = Prepare(golden, new() { Precision = Precision.BFloat16 });
        RequireNear("loss", [model.ForwardBackward(golden.Images(0), golden.Labels(0))], [golden.Loss], 0.02);
        double worst = golden.Gradients.Min(g => g.BFloat16Cosine), least = worst > 0.97 ? 0.97 : worst - 0.05;
        foreach (GoldenTensor gradient in golden.Gradients.Where(g => g.Norm > 0))
            RequireCosine(gradient, ModelJudge.Gradient(model, gradient.Name, gradient.Count), least);
        foreach (GoldenTensor buffer in golden.Buffers)
            RequireCosine(buffer, ModelJudge.Parameter(model, buffer.Name, buffer.Count), 0.999);
    }

    [Theory, MemberData(nameof(Names))]
    public void Ten_steps_have_the_losses_of_PyTorch(string name)
    {
        GoldenNetwork golden = GoldenNetwork.Read(name);
        foreach (GoldenTraining training in golden.Trainings)
        {
            using Model model = Prepare(golden,
                new() { Precision = Precision.Float32, Exact = true, LabelSmoothing = training.LabelSmoothing });
            using Optimizer optimizer = new(model, training.Settings);
            double[] losses = new double[training.Losses.Length];
            for (int step = 0; step < losses.Length; step++)
            {
                int number = step % GoldenTensors.BatchCount;
                losses[step] = model.ForwardBackward(golden.Images(number), golden.Labels(number), (uint)step);
                optimizer.Step(training.Settings.LearningRate);
            }
            for (int step = 0; step < losses.Length; step++)
                RequireNear($"{training.Settings}, step {step + 1}", [losses[step]], [training.Losses[step]], ExactTolerance);
        }
    }

    private static void RequirePass(string name, ExecutionOptions options, double tolerance, Func<string, double> gradientTolerance)
    {
        GoldenNetwork golden = GoldenNetwork.Read(name);
        using Model model = Prepare(golden, options);
        RequireNear("loss", [model.ForwardBackward(golden.Images(0), golden.Labels(0))], [golden.Loss], tolerance);
        float[] logits = new float[golden.Logits.Length];
        model.Forward(golden.Images(0), logits);
        RequireNear("logits", Compare.Widen(logits), golden.Logits, tolerance);
        foreach (IGrouping<double, GoldenTensor> group in golden.Gradients.GroupBy(g => gradientTolerance(g.Name)))
            RequireNear(group, name => ModelJudge.Gradient(model, name, golden.Count(name)), group.Key);
        RequireNear(golden.Buffers, name => ModelJudge.Parameter(model, name, golden.Count(name)), tolerance);
    }

    private static Model Prepare(GoldenNetwork golden, ExecutionOptions options)
    {
        // normal numbers for all of AlexNet take a second
        Graph graph = golden.Graph.WithInitialization(new(new Constant(0), new Constant(0)));
        Model model = new(graph, options, golden.Batch);
        foreach ((string name, float[] values) in golden.State())
            model.WriteParameter(name, values);
        return model;
    }

    private static void RequireCosine(GoldenTensor expected, float[] actual, double least)
    {
        double cosine = Compare.Cosine(expected.Sample(actual), expected.Samples);
        Assert.True(cosine > least, $"{expected.Name}: cosine {cosine:f4}, and PyTorch's is {expected.BFloat16Cosine:f4}");
    }

    private static void RequireNear(IEnumerable<GoldenTensor> expected, Func<string, float[]> actualOf, double tolerance)
    {
        double norm = 0;
        foreach (GoldenTensor tensor in expected)
        {
            // Of the bias of a layer in front of a batch normalization, only rounding is left: little beside the gradient of its weight.
            if (tensor.Norm == 0)
                RequireWithin(tensor.Name, Norm(actualOf(tensor.Name)), 0, tolerance * norm);
            else
                RequireNear(tensor, actualOf(tensor.Name), tolerance);
            norm = tensor.Norm;
        }
    }

    private static double Norm(float[] values) => Math.Sqrt(values.Sum(x => (double)x * x));

    private static void RequireNear(GoldenTensor expected, float[] actual, double tolerance)
    {
        RequireNear(expected.Name + " samples", expected.Sample(actual), expected.Samples, tolerance);
        RequireNear(expected.Name + " norm", [Norm(actual)], [expected.Norm], tolerance);

        // An error of norm e moves the sum by at most e sqrt(count) (Cauchy and Schwarz); a projection on uniform numbers of variance 1/3
        // by e / sqrt(3) in the root mean square, and hardly ever by five times that.
        double error = tolerance * expected.Norm;
        RequireWithin(expected.Name + " sum", actual.Sum(x => (double)x), expected.Sum, error * Math.Sqrt(expected.Count));
        // four passes over AlexNet's weights take a second
        for (int i = 0; tolerance <= ExactTolerance && i < expected.Projections.Length; i++)
            RequireWithin($"{expected.Name} projection {i + 1}", GoldenTensors.Project(expected.Index, i, actual), expected.Projections[i],
                error * 5 / Math.Sqrt(3));
    }

    private static void RequireWithin(string what, double actual, double expected, double margin) =>
        Assert.True(Math.Abs(actual - expected) <= margin, $"{what}: {actual:r} where {expected:r} +- {margin:e1} was expected");

    private static void RequireNear(string what, double[] actual, double[] expected, double tolerance)
    {
        double error = Compare.RelativeL2(actual, expected);
        Assert.True(error < tolerance, $"{what}: relative error {error:e1}");
    }
}
