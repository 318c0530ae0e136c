namespace Convolve.Tests.House;

/// <summary>Rooms have a size: a reader can look over a folder, and read a file in one sitting.</summary>
public class SizeRules
{
    private const int MostFiles = 25, MostLines = 350;

    [Theory]
    [InlineData("src")]
    [InlineData("test")]
    [InlineData("bench")]
    public void No_folder_has_more_files_than_can_be_looked_over(string folder) => Assert.Empty(Sources.Of(folder)
        .GroupBy(file => Path.GetDirectoryName(Sources.Name(file)))
        .Where(group => group.Count() > MostFiles)
        .Select(group => $"{group.Key}: {group.Count()} files"));

    [Theory]
    [InlineData("src")]
    [InlineData("test")]
    [InlineData("bench")]
    public void No_file_is_too_long(string folder) =>
        Assert.Empty(Sources.Of(folder)
        .Select(file => (Name: Sources.Name(file), Lines: File.ReadLines(file).Count())).Where(file => file.Lines > MostLines)
        .Select(file => $"{file.Name}: {file.Lines} lines"));
}
