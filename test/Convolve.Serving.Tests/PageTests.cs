using System.Text.Json.Nodes;

namespace Convolve.Serving.Tests;

/// <summary>The page in a real browser: pictures are dropped and drawn, and bars show the classes.</summary>
public sealed class PageTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private const string Bars = "[...document.querySelectorAll('#bars li')].map(li => li.children[0].textContent + '|' + " +
        "li.children[1].textContent + '|' + li.querySelector('i').style.width)";

    [ChromiumFact]
    public async Task A_picture_is_dropped_and_one_is_drawn()
    {
        await using Browser browser = await Browser.OpenAsync(shared.Server.Address);
        await browser.UntilAsync("document.readyState === 'complete' && document.getElementById('facts').textContent");
        Assert.Equal("lenet: 10 classes, 28 × 28 pixels, gray", (string)(await browser.EvaluateAsync("at('facts').textContent"))!);
        byte[] png = TestServer.Png(3);
        await browser.EvaluateAsync($$"""
            (() => {
              const transfer = new DataTransfer();
              const bytes = Uint8Array.from(atob("{{Convert.ToBase64String(png)}}"), c => c.charCodeAt(0));
              transfer.items.add(new File([bytes], "boot.png", { type: "image/png" }));
              at("drop").dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
            })()
            """);
        await browser.UntilAsync("document.querySelectorAll('#bars li').length === 10 && " +
            "document.querySelector('#drop img')?.naturalWidth");
        (_, JsonObject expected) = await TestServer.ReadAsync(shared.Server.PostAsync("/predict?top=10", png));
        JsonArray bars = (await browser.EvaluateAsync(Bars))!.AsArray();
        for (int k = 0; k < 10; k++)
        {
            string[] parts = ((string)bars[k]!).Split('|');
            float probability = (float)expected["top"]![k]!["probability"]!;
            Assert.Equal((string)expected["top"]![k]!["label"]!, parts[0]);
            Assert.Equal(probability * 100, float.Parse(parts[1].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture), 0.051);
            Assert.Equal(probability * 100, float.Parse(parts[2].TrimEnd('%'), System.Globalization.CultureInfo.InvariantCulture), 1e-2);
        }

        // A seven.
        JsonNode pad = (await browser.EvaluateAsync(
            "(() => { at('pad').scrollIntoView(); const b = at('pad').getBoundingClientRect(); return [b.left, b.top, b.width]; })()"))!;
        (double left, double top, double width) = ((double)pad[0]!, (double)pad[1]!, (double)pad[2]!);
        await browser.EvaluateAsync("at('bars').replaceChildren()");
        await browser.DragAsync([.. new[] { (.25, .2), (.5, .2), (.75, .2), (.6, .5), (.45, .8) }
            .Select(p => (left + p.Item1 * width, top + p.Item2 * width))]);
        await browser.UntilAsync("document.querySelectorAll('#bars li').length === 10");
        Assert.Equal(255, (int)(await browser.EvaluateAsync("pen.getImageData(140, 56, 1, 1).data[0]"))!);
        Assert.True((bool)(await browser.EvaluateAsync("at('problem').hidden"))!);
        if (Environment.GetEnvironmentVariable("CONVOLVE_PAGE_PNG") is { } file)
            await File.WriteAllBytesAsync(file, await browser.ScreenshotAsync());
        await browser.EvaluateAsync("at('clear').click()");
        Assert.Equal(0, (int)(await browser.EvaluateAsync("pen.getImageData(140, 56, 1, 1).data[0]"))!);
    }

    [ChromiumFact]
    public async Task A_problem_is_shown_and_a_key_is_asked_for()
    {
        await using TestServer server = await TestServer.StartAsync([shared.Model], new() { ApiKey = "k" });
        await using Browser browser = await Browser.OpenAsync(server.Address);
        await browser.UntilAsync("document.readyState === 'complete' && !at('lock').hidden");
        await browser.EvaluateAsync("at('key').value = 'k'; at('lock').requestSubmit()");
        await browser.UntilAsync("at('lock').hidden && at('facts').textContent");
        await browser.EvaluateAsync("show(new File(['no picture'], 'a.png'))");
        await browser.UntilAsync("!at('problem').hidden");
        Assert.StartsWith("the picture: this is not a JPEG, PNG, WebP, BMP or GIF file",
            (string)(await browser.EvaluateAsync("at('problem').textContent"))!, StringComparison.Ordinal);
    }

    private sealed class ChromiumFactAttribute : FactAttribute
    {
        public ChromiumFactAttribute() => Skip = Browser.Missing;
    }
}
