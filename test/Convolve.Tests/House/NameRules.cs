using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.InteropServices;

namespace Convolve.Tests.House;

/// <summary>
/// A program that has using lines of Convolve and those that every project has, or System.Data or System.Drawing, can name every type.
/// </summary>
public class NameRules
{
    // Implicit in console, worker and web projects.
    private static readonly HashSet<string> Usual =
    [
        "System", "System.IO", "System.Linq", "System.Collections.Generic", "System.Net.Http", "System.Threading",
        "System.Threading.Tasks", "System.Net.Http.Json", "Microsoft.AspNetCore.Builder", "Microsoft.AspNetCore.Hosting",
        "Microsoft.AspNetCore.Http", "Microsoft.AspNetCore.Routing", "Microsoft.Extensions.Configuration",
        "Microsoft.Extensions.DependencyInjection", "Microsoft.Extensions.Hosting", "Microsoft.Extensions.Logging",
        "System.Data", "System.Drawing",
    ];

    [Fact]
    public void No_public_type_has_the_name_of_one_that_programs_have_in_sight()
    {
        Dictionary<string, string> theirs = Theirs();
        Assert.True(theirs.Count > 300 && theirs.ContainsKey("DataException") && theirs.ContainsKey("Rectangle"));
        Assert.Empty(PublicApiTests.Libraries.SelectMany(library => library.GetExportedTypes()).Where(type => !type.IsNested)
            .Where(type => theirs.ContainsKey(type.Name)).Select(type => $"{type} and {theirs[type.Name]}.{type.Name}"));
    }

    // ASP.NET's are read where the machine has them, without loading anything.
    private static Dictionary<string, string> Theirs()
    {
        Dictionary<string, string> names = [];
        string runtime = RuntimeEnvironment.GetRuntimeDirectory();
        DirectoryInfo web = new(Path.Combine(runtime, "../../Microsoft.AspNetCore.App"));
        IEnumerable<string> folders = web.Exists ? web.EnumerateDirectories("10.*").Select(d => d.FullName).Append(runtime) : [runtime];
        foreach (string file in folders.SelectMany(folder => Directory.EnumerateFiles(folder, "*.dll")))
        {
            using PEReader image = new(File.OpenRead(file));
            if (!image.HasMetadata)
                continue;
            MetadataReader reader = image.GetMetadataReader();
            foreach (TypeDefinition type in reader.TypeDefinitions.Select(reader.GetTypeDefinition))
                if ((type.Attributes & System.Reflection.TypeAttributes.VisibilityMask) == System.Reflection.TypeAttributes.Public
                    && Usual.Contains(reader.GetString(type.Namespace)))
                    names[reader.GetString(type.Name).Split('`')[0]] = reader.GetString(type.Namespace);
        }
        return names;
    }
}
