#:sdk Microsoft.NET.Sdk.Web
#:project ../src/Convolve.Serving/Convolve.Serving.csproj
using Convolve;
using Convolve.Imaging;

// dotnet run samples/web.cs -- runs/fashion --urls http://127.0.0.1:5000
// curl --data-binary @photo.png http://127.0.0.1:5000/classify
WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(args);
builder.Services.AddConvolve(options => options.Path = args[0]);
builder.Services.AddHealthChecks().AddConvolve();
WebApplication app = builder.Build();
app.MapHealthChecks("/health");
app.MapPost("/classify", async (Stream picture, ImageClassifier classifier, CancellationToken cancellation) =>
{
    try
    {
        Prediction prediction = await classifier.PredictAsync(picture, cancellation);
        return Results.Text($"{prediction.Label} {prediction.Confidence:P1}\n");
    }
    catch (ImageException e)
    {
        return Results.Text($"{e.Reason}\n", statusCode: StatusCodes.Status400BadRequest);
    }
});
app.Run();
