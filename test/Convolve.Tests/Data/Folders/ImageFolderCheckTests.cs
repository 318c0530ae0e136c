using System.Runtime.Versioning;
using Convolve.Data;
using Convolve.Data.Folders;
using Convolve.Testing;
using static Convolve.Data.Folders.ImageFolderFindingKind;

namespace Convolve.Tests.Data.Folders;

/// <summary>What is wrong with a folder of pictures is found, named and survived.</summary>
public sealed class ImageFolderCheckTests : IDisposable
{
    private readonly PictureFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Bad_files_are_refused_or_left_out()
    {
        _folder.AddMany("a", 10, 1);
        _folder.AddMany("b", 10, 50);
        Damage();
        DatasetException e = Assert.Throws<DatasetException>(() => Datasets.Load(_folder.Name));
        Assert.Equal(
            $"4 of 22 pictures of {_folder.Name} cannot be used. The first: {_folder["a/1.png"]}: this PNG file is cut off: it ends " +
            $"after 50 bytes, "
            + $"before its IEND chunk. Get the file again. To list them all, run `convolve data verify {_folder.Name}`; they can be " +
            $"skipped.",
            e.Message);

        List<string> words = [];
        LoadedData data = Datasets.Load(_folder.Name, new() { SkipBad = true }, new HeardWords(words));
        Assert.Equal((16, 2), (data.Train.Count, data.Test.Count));
        Assert.Equal(4, data.Skipped.Count);
        Assert.Equal(words[1..], data.Remarks);
        Assert.Equal([$"Reading and checking 22 pictures in {_folder.Root}", .. data.Skipped.Select(s => "Left out: " + s),
            "4 of 22 pictures are left out."], words);
    }

    [Fact]
    public void A_check_finds_everything_at_once()
    {
        foreach (string part in (string[])["train", "val", "test"])
            for (int c = 0; c < 3; c++)
                _folder.AddMany($"{part}/c{c}", part == "train" && c == 0 ? 20 : 3, part[0] * 100_000 + part.Length * 1000 + c * 100);
        ImageFolderReport good = ImageFolder.Verify(_folder.Name);
        Assert.True(good.IsOk);
        Assert.Equal([("train", 26), ("validation", 9), ("test", 9)], good.Parts.Select(p => (p.Name, p.Count)));
        Assert.Equal((Imbalance,
            $"{_folder["train"]} has 20 pictures of c0 and 3 of c1: accuracy says little about c1, and training sees little of it. " +
            $"Balanced class weights give every class the same weight."), good.Findings.Single() is var f ? (f.Kind, f.Message) : default);
        Assert.Equal([20, 3, 3], good.Parts[0].CountsByClass);

        File.WriteAllBytes(_folder["train/c1/1.png"], File.ReadAllBytes(_folder["train/c1/1.png"])[..50]);
        _folder.Write("train/c1/2.jpg", "GIF89a"u8.ToArray());
        _folder.Write("train/c1/empty.jpeg", []);
        File.Copy(_folder["train/c0/1.png"], _folder["test/c0/leak.png"]);
        File.Copy(_folder["train/c0/2.png"], _folder["train/c2/other.png"]);
        File.Copy(_folder["val/c0/1.png"], _folder["val/c0/again.png"]);
        Directory.CreateDirectory(_folder["train/c3"]);
        _folder.Add("test/c9/1.png", 9);
        Directory.Delete(_folder["val/c2"], recursive: true);
        _folder.Write("train/c0/notes.txt", [1]);
        _folder.Write("readme.md", [1]);
        _folder.Write("extra/x.png", [1]);
        _folder.Write(".hidden/x.png", [1]);
        _folder.Write("train/.DS_Store", [1]);

        ImageFolderReport report = ImageFolder.Verify(_folder.Name);
        Assert.False(report.IsOk);
        Assert.Equal(
            [
                (BadFile, "train/c1/1.png"), (BadFile, "train/c1/2.jpg"), (BadFile, "train/c1/empty.jpeg"), (EmptyClass, "train/c3"),
                (UnknownClass, "test/c9"),
                (Leak, "train/c0/1.png"), (TwoLabels, "train/c0/2.png"), (Repeated, "val/c0/1.png"), (UntestedClass, "test"),
                (UntestedClass, "val"), (UntestedClass, "val"),
                (Stray, "extra"), (Stray, "readme.md"), (Stray, "train/c0/notes.txt"), (Imbalance, "train"),
            ],
            report.Findings.Select(f => (f.Kind, Path.GetRelativePath(_folder.Root, f.Path))));
        Assert.Equal(7, report.Findings.Count(f => f.IsBad));
        string[] messages = [.. report.Findings.Select(f => f.Message.Replace(_folder.Root, "", StringComparison.Ordinal))];
        Assert.Equal("/train/c1/empty.jpeg: the file is empty (0 bytes). Get it again.", messages[2]);
        Assert.Equal("/train/c3 has no pictures. Add some, or delete the folder.", messages[3]);
        Assert.Equal("/test/c9 has pictures (1) of a class that /train doesn't have, so they have no label. Add the class there, or " +
            "remove the folder.", messages[4]);
        Assert.Equal("/train/c0/1.png is identical to /test/c0/leak.png: the test would use training pictures. Keep it in one split.",
            messages[5]);
        Assert.Equal("/train/c0/2.png is identical to /train/c2/other.png: one picture has several labels. Keep the right one.",
            messages[6]);
        Assert.Equal("/extra is not train, validation (or valid, val) or test, and is left out.", messages[11]);
        Assert.Equal("/train/c0/notes.txt doesn't have the name of a picture (.jpg, .jpeg, .jpe, .jfif, .png, .webp, .bmp, .gif) " +
            "and is left out.", messages[13]);
        Assert.Equal($"{_folder["train/c3"]} has no picture to train on. Add some, or delete the folder.",
            Assert.Throws<DatasetException>(() => Datasets.Load(_folder.Name, new() { SkipBad = true })).Message);
    }

    [NeedsFact(Feature.Unix)]
    [UnsupportedOSPlatform("windows")]
    public void What_cannot_be_read_is_named_and_hides_nothing()
    {
        _folder.AddMany("a", 5, 1);
        _folder.AddMany("b/deep", 5, 50);
        File.CreateSymbolicLink(_folder["a/gone.png"], _folder["nowhere.png"]);
        File.CreateSymbolicLink(_folder["b/loop.jpg"], _folder["b/loop.jpg"]);
        using (var pipe = System.Diagnostics.Process.Start("mkfifo", [_folder["b/pipe.png"]]))
            pipe.WaitForExit();
        string closed = _folder["b/closed"], shut = _folder["b/shut.png"];
        _folder.Add("b/closed/1.png", 99);
        _folder.Add("b/shut.png", 98);
        File.SetUnixFileMode(closed, UnixFileMode.None);
        File.SetUnixFileMode(shut, UnixFileMode.None);
        string[] expected = ["a/gone.png", "b/closed", "b/loop.jpg", "b/pipe.png", "b/shut.png"];
        if (Environment.IsPrivilegedProcess) // which may read everything
            expected = [.. expected.Except(["b/closed", "b/shut.png"])];
        try
        {
            ImageFolderReport report = ImageFolder.Verify(_folder.Name);
            Assert.Equal(expected, report.Findings.Where(f => f.Kind == BadFile).Select(f => Path.GetRelativePath(_folder.Root, f.Path)));
            Assert.All(report.Findings.Where(f => f.Kind == BadFile), f =>
                Assert.Matches($"^{f.Path}(: the file is empty \\(0 bytes\\)\\. Get it again\\.| cannot be read: .+ Check the path and " +
                    "the permissions\\.)$", f.Message));
            Assert.StartsWith($"{expected.Length} of ", Assert.Throws<DatasetException>(() => Datasets.Load(_folder.Name)).Message,
                StringComparison.Ordinal);
            Assert.Equal(expected.Length, Datasets.Load(_folder.Name, new() { SkipBad = true }).Skipped.Count);
        }
        finally
        {
            File.SetUnixFileMode(closed, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    [Fact]
    public void Training_hears_of_a_leak()
    {
        foreach (string part in (string[])["train", "test"])
            foreach (string name in (string[])["a", "b"])
                _folder.AddMany($"{part}/{name}", 3, part[1] * 1000 + name[0] * 10);
        File.Copy(_folder["train/a/1.png"], _folder["test/a/leak.png"]);
        List<string> words = [];
        _ = Datasets.Load(_folder.Name, progress: new HeardWords(words));
        Assert.Contains($"One picture is in two splits, so the test uses training pictures: `convolve data verify {_folder.Name}` " +
            $"lists them.", words);
    }

    [Fact]
    public void Folders_that_are_none_are_refused()
    {
        Refused("folder:", "Expected folder: and the path of a folder with one folder per class, got \"folder:\".");
        Refused("folder:/no/such", "Folder /no/such does not exist. Check the path.");
        _folder.Write("file.png", [1]);
        Refused(_folder.Name + "/file.png",
            $"{_folder["file.png"]} is a file; expected a folder of pictures. Pass the folder above the class folders.");
        Refused(_folder.Name,
            $"{_folder.Root} has no folder; expected one folder per class, at least 2. Sort the pictures into class folders, " +
            $"in folders train, validation and test if you like.");
        _folder.Add("one/1.png", 1);
        Refused(_folder.Name + "/",
            $"{_folder.Root} has only the folder one; expected one folder per class, at least 2. Sort the pictures into class " +
            $"folders, in folders train, validation and test if you like.");
        _folder.Add("two/1.png", 2);
        Refused(_folder.Name,
            $"{_folder.Root} has no picture to test on: of its 2 pictures, no good one is in a test folder, and no class has two. Add " +
            $"some.");
        Assert.Contains("/data is for data sets known by name",
            Assert.Throws<DatasetException>(() => Datasets.Load(_folder.Name, new() { DataDirectory = "/data" })).Message,
            StringComparison.Ordinal);
        Directory.Delete(_folder["one"], true);
        Directory.Delete(_folder["two"], true);
        _folder.Add("test/a/1.png", 2);
        Refused(_folder.Name,
            $"{_folder.Root} has a folder test but no folder train with one folder per class. Add it, or put the class folders " +
            $"of all pictures side by side, so that the splits are drawn.");
        _folder.Add("train/a/1.png", 3);
        _folder.Add("val/a/1.png", 4);
        _folder.Add("valid/a/1.png", 5);
        Refused(_folder.Name, $"{_folder["valid"]} and {_folder["val"]} mean the same split. Keep one of them.",
            either: $"{_folder["val"]} and {_folder["valid"]} mean the same split. Keep one of them.");

        static void Refused(string name, string message, string? either = null) =>
            Assert.Contains(Assert.Throws<DatasetException>(() => Datasets.Load(name)).Message, (string[])[message, either ?? message]);
    }

    private void Damage()
    {
        File.WriteAllBytes(_folder["a/1.png"], File.ReadAllBytes(_folder["a/1.png"])[..50]);
        byte[] bytes = File.ReadAllBytes(_folder["b/2.png"]);
        bytes[^20] ^= 1; // within the packed pixels
        File.WriteAllBytes(_folder["b/2.png"], bytes);
        _folder.Write("a/none.jpg", []);
        _folder.Write("b/text.png", "text"u8.ToArray());
    }
}
