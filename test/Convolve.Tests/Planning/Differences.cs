using Convolve.Execution;
using Convolve.Testing;

namespace Convolve.Tests.Planning;

/// <summary>
/// Compares a model's gradients with differences of its loss along random directions, at one training step, so that masks stay.
/// </summary>
internal static class Differences
{
    private const int Directions = 3;
    private const uint Step = 11;
    private const double Tolerance = 0.1, LossRounding = 1e-7;

    public static void RequireGradients(Model model, int batch)
    {
        float[] images = TestTensors.Narrow(TestTensors.Images(model.Graph, batch));
        int[] labels = TestTensors.Labels(model.Graph, batch);
        Dictionary<string, float[]> parameters = Parameters(model), gradients = [];
        model.ForwardBackward(images, labels, Step);
        foreach ((string name, float[] values) in parameters)
            gradients[name] = ModelJudge.Gradient(model, name, values.Length);
        foreach ((string name, float[] gradient) in gradients)
        {
            // What one direction of many sees of the gradient, and what rounding of the loss makes of a difference.
            double length = Math.Sqrt(parameters[name].Sum(w => (double)w * w)) + 1;
            double scale = Math.Sqrt(gradient.Sum(g => (double)g * g) / gradient.Length);
            double[] errors = [.. Enumerable.Range(0, Directions).Select(i => ErrorAlong((uint)i)).Order()];
            model.WriteParameter(name, parameters[name]);
            Assert.True(errors[Directions / 2] < Tolerance, $"{model.Graph}: {name} differs by {string.Join(", ", errors)}");

            double ErrorAlong(uint stream)
            {
                double[] direction = TestTensors.Uniform(gradient.Length, 70 + stream);
                double norm = Math.Sqrt(direction.Sum(d => d * d)), expected = gradient.Zip(direction, (g, d) => g * d / norm).Sum();
                // A kink within the longer step is most often not within the shorter one.
                double error = Error(2e-3 * length);
                return error < Tolerance ? error : Error(5e-4 * length);

                double Error(double size) => Math.Abs((Loss(size) - Loss(-size)) / (2 * size) - expected)
                    / (scale + LossRounding / size / Tolerance);

                double Loss(double step)
                {
                    model.WriteParameter(name, [.. parameters[name].Zip(direction, (w, d) => (float)(w + step * d / norm))]);
                    return model.ForwardBackward(images, labels, Step);
                }
            }
        }
    }

    private static Dictionary<string, float[]> Parameters(Model model) => model.Graph.Nodes
        .SelectMany(node => node.Parameters.Select(p => (Name: $"{node.Name}.{p.Name}", p.Count))).ToDictionary(p => p.Name, p =>
        {
            float[] values = new float[p.Count];
            model.ReadParameter(p.Name, values);
            return values;
        });
}
