using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Convolve.Serving.Http;

/// <summary>The picture of a POST to /predict: the body itself, or the file of a form.</summary>
internal static class PictureUpload
{
    private const string Form = "multipart/form-data";

    /// <summary>Whether the body is a form.</summary>
    public static bool IsForm(HttpRequest request) =>
        request.ContentType?.StartsWith(Form, StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>The file of a form.</summary>
    /// <exception cref="Refusal">It isn't a form, or has no file or several.</exception>
    public static async Task<byte[]> ReadFileAsync(HttpRequest request, RequestBody body)
    {
        string boundary = MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type)
            ? HeaderUtilities.RemoveQuotes(type.Boundary).ToString() : "";
        if (boundary.Length == 0)
            throw Refusal.Bad($"The Content-Type {Form} has no boundary.");
        byte[]? file = null;
        try
        {
            MultipartReader reader = new(boundary, body.AsStream());
            while (await reader.ReadNextSectionAsync().ConfigureAwait(false) is { } section)
            {
                if (section.GetContentDispositionHeader()?.IsFileDisposition() != true)
                    continue;
                if (file is not null)
                    throw Refusal.Bad("The form has several files. Send one picture with each request.");
                using MemoryStream bytes = new();
                await section.Body.CopyToAsync(bytes).ConfigureAwait(false);
                file = bytes.ToArray();
            }
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            throw Refusal.Bad($"The form can't be read: {e.Message}");
        }
        return file ?? throw Refusal.Bad("The form has no file. Send the picture as a file, such as with curl -F image=@cat.jpg.");
    }
}
