using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Convolve.Serving.Http;

/// <summary>The key that requests must have. Digests are compared, in a time that says nothing of where they differ.</summary>
internal sealed class ApiKey(string key)
{
    /// <summary>The header beside Authorization.</summary>
    public const string Header = "X-Api-Key";

    private const string Scheme = "Bearer ";
    private readonly byte[] _digest = Digest(key);

    public bool IsIn(IHeaderDictionary headers)
    {
        if (headers.TryGetValue(Header, out StringValues values))
            return values.Count == 1 && IsSame(values[0]!);
        StringValues authorization = headers.Authorization;
        return authorization.Count == 1 && authorization[0]!.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            && IsSame(authorization[0]![Scheme.Length..].Trim());
    }

    private bool IsSame(string given) => CryptographicOperations.FixedTimeEquals(Digest(given), _digest);

    private static byte[] Digest(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
