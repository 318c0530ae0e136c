using Convolve;
using Convolve.Serving;
using Microsoft.Extensions.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers classifiers with a program's services.</summary>
public static class ConvolveServiceCollectionExtensions
{
    /// <summary>
    /// Registers an <see cref="ImageClassifier"/> for the whole program. It is loaded when the program's host starts, which fails where the
    /// model can't be loaded.
    /// </summary>
    /// <param name="services">The program's services.</param>
    /// <param name="configure">Sets at least <see cref="ConvolveOptions.Path"/>.</param>
    public static IServiceCollection AddConvolve(this IServiceCollection services, Action<ConvolveOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddSingleton(provider => ClassifierFactory.Create(Options.Options.DefaultName, provider));
        return services.Configure(Options.Options.DefaultName, configure, provider => provider.GetRequiredService<ImageClassifier>());
    }

    /// <summary>Registers one of several classifiers, for parameters with <c>[FromKeyedServices("name")]</c>.</summary>
    /// <param name="services">The program's services.</param>
    /// <param name="name">Its key.</param>
    /// <param name="configure">Sets at least <see cref="ConvolveOptions.Path"/>.</param>
    public static IServiceCollection AddConvolve(this IServiceCollection services, string name, Action<ConvolveOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddKeyedSingleton(name, (provider, _) => ClassifierFactory.Create(name, provider));
        return services.Configure(name, configure, provider => provider.GetRequiredKeyedService<ImageClassifier>(name));
    }

    /// <summary>Adds a health check: whether a classifier is loaded and answers.</summary>
    /// <param name="builder">What <c>AddHealthChecks</c> gives.</param>
    /// <param name="name">The key of the classifier; null for the one without.</param>
    public static IHealthChecksBuilder AddConvolve(this IHealthChecksBuilder builder, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Add(new(name is null ? "convolve" : $"convolve-{name}", provider => new ClassifierHealthCheck(() => name is null
            ? provider.GetRequiredService<ImageClassifier>() : provider.GetRequiredKeyedService<ImageClassifier>(name)), null, null));
    }

    private static IServiceCollection Configure(this IServiceCollection services, string name, Action<ConvolveOptions> configure,
        Func<IServiceProvider, ImageClassifier> get)
    {
        services.AddOptions<ConvolveOptions>(name).Configure(configure)
            .Validate(options => options.Path.Length > 0, "AddConvolve: Path is empty. Set it to a run folder or a model.safetensors.")
            .Validate(options => options.MaxBatchSize is >= 1 and <= 1024, "AddConvolve: MaxBatchSize must be from 1 to 1024.")
            .ValidateOnStart();
        services.AddLogging();
        return services.AddSingleton<IHostedService>(provider => new ClassifierStart(() => get(provider)));
    }
}
