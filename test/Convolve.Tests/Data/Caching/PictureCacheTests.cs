using Convolve.Data;
using Convolve.Data.Caching;
using Convolve.Data.Transforms;
using Convolve.Tests.Formats;

namespace Convolve.Tests.Data.Caching;

/// <summary>Each picture is decoded once, whoever asks for it, and kept where there is room.</summary>
public sealed class PictureCacheTests : IDisposable
{
    private const int KeptBytes = 3 * 8 * 8, FileBytes = 8 + KeptBytes;

    private static readonly ImageSize Target = new(3, 8, 8);
    private static readonly PictureReduction Reduction = new(TransformList.Parse("resize:8x8"), Target);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_picture_is_decoded_once_however_many_threads_ask()
    {
        CountedPictures data = new(Enumerable.Range(0, 40).Select(i => new ImageSize(3, 20 + i, 30)).ToArray())
        {
            Duration = TimeSpan.FromMilliseconds(2),
        };
        PictureCache cache = Cache(data, 1 << 20, null);
        Assert.Equal(40 * KeptBytes, cache.MemoryBytes);
        using (new PictureFiller(cache, [.. Enumerable.Range(0, 40)], 2))
            Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 8 }, thread =>
            {
                for (int i = thread; i < thread + 40; i++)
                    Assert.Equal(Expected(data.SizeOf(i % 40), i % 40), cache.Read(i % 40).Pixels.ToArray());
            });
        Assert.All(data.Counts, count => Assert.Equal(1, count));
    }

    [Fact]
    public void What_does_not_fit_into_memory_is_decoded_again_or_kept_in_files()
    {
        CountedPictures data = new(Enumerable.Repeat(new ImageSize(3, 20, 30), 10).ToArray());
        PictureCache cache = Cache(data, 4 * KeptBytes + 1, null);
        Assert.Equal(4 * KeptBytes, cache.MemoryBytes);
        ReadAll(data, cache, 3);
        Assert.Equal([1, 1, 1, 1, 3, 3, 3, 3, 3, 3], data.Counts);

        data = new(Enumerable.Repeat(new ImageSize(3, 20, 30), 10).ToArray());
        cache = Cache(data, 4 * KeptBytes, Files());
        ReadAll(data, cache, 3);
        Assert.All(data.Counts, count => Assert.Equal(1, count));
        Assert.Equal(6, Written().Length);

        // A later run finds these.
        data = new(Enumerable.Repeat(new ImageSize(3, 20, 30), 10).ToArray());
        cache = Cache(data, 0, Files());
        ReadAll(data, cache, 2);
        Assert.Equal([1, 1, 1, 1, 0, 0, 0, 0, 0, 0], data.Counts);
    }

    [Fact]
    public void Damaged_and_missing_files_are_made_again()
    {
        CountedPictures data = new(Enumerable.Repeat(new ImageSize(3, 20, 30), 4).ToArray());
        ReadAll(data, Cache(data, 0, Files()), 1);
        string[] files = Written();
        byte[] bytes = File.ReadAllBytes(files[0]);
        bytes[50] ^= 1;
        File.WriteAllBytes(files[0], bytes);
        File.WriteAllBytes(files[1], File.ReadAllBytes(files[1])[..100]); // as after a power cut
        File.WriteAllBytes(files[2], []);
        PictureCache cache = Cache(data, 0, Files());
        ReadAll(data, cache, 1);
        Assert.Equal(4 + 3, data.Counts.Sum());
        File.Delete(files[3]); // while it is in use
        ReadAll(data, cache, 1);
        Assert.Equal(4 + 4, data.Counts.Sum());
    }

    [Fact]
    public void A_picture_that_cannot_be_read_is_an_error_for_whoever_needs_it()
    {
        CountedPictures data = new(Enumerable.Repeat(new ImageSize(3, 20, 30), 4).ToArray()) { Broken = 2 };
        PictureCache cache = Cache(data, 1 << 20, null);
        using (new PictureFiller(cache, [0, 1, 2, 3], 2))
            while (data.Counts.Min() == 0)
                Thread.Sleep(1);
        for (int i = 0; i < 2; i++)
            Assert.Equal("picture 2 is gone", Assert.Throws<DatasetException>(() => cache.Read(2).Size).Message);
        data.Broken = -1;
        ReadAll(data, cache, 1);
        Assert.Equal([1, 1, 4, 1], data.Counts);
    }

    [Fact]
    public void The_folder_stays_within_its_bound_and_loses_what_was_not_used_for_longest()
    {
        CountedPictures data = new(Enumerable.Repeat(new ImageSize(3, 20, 30), 12).ToArray());
        PictureFiles files = Files(6 * FileBytes);
        for (int i = 0; i < 6; i++)
            _ = Cache(data, 0, files).Read(i).Size;
        string[] old = Written();
        Assert.Equal(6, old.Length);
        foreach ((string file, int i) in old.Select((file, i) => (file, i)))
            File.SetLastWriteTimeUtc(file, DateTimeOffset.UtcNow.AddDays(i - 10).UtcDateTime);
        PictureFiles later = Files(6 * FileBytes);
        PictureCache cache = Cache(data, 0, later);
        ReadAll(data, cache, 2); // 6 of them were there, and are used again: no room for others
        Assert.True(Written().Sum(file => new FileInfo(file).Length) <= 6 * FileBytes);
        for (int i = 6; i < 12; i++)
            Assert.Equal(2, data.Counts[i]);

        foreach ((string file, int i) in Written().Select((file, i) => (file, i)))
            File.SetLastWriteTimeUtc(file, DateTimeOffset.UtcNow.AddDays(i - 10).UtcDateTime);
        string[] before = Written();
        CountedPictures others = new(Enumerable.Repeat(new ImageSize(3, 21, 30), 20).ToArray());
        PictureReduction other = new(TransformList.Parse("resize:8x8:antialias=false"), Target);
        cache = new(others, other, Enumerable.Range(0, 20), 0, Files(6 * FileBytes));
        for (int i = 0; i < 3; i++)
            _ = cache.Read(i).Size;
        string[] after = Written();
        Assert.True(after.Sum(file => new FileInfo(file).Length) <= 6 * FileBytes);
        Assert.Equal(3, after.Except(before).Count());
    }

    [Fact]
    public void Leftovers_of_killed_runs_are_removed_and_those_of_others_are_not()
    {
        CountedPictures data = new(Enumerable.Repeat(new ImageSize(3, 20, 30), 2).ToArray());
        string old = _folder.Write("ab/x.picture.1.partial", [1]), fresh = _folder.Write("ab/y.picture.2.partial", [1]);
        File.SetLastWriteTimeUtc(old, DateTimeOffset.UtcNow.AddHours(-2).UtcDateTime);
        ReadAll(data, Cache(data, 0, Files()), 1);
        Assert.False(File.Exists(old));
        Assert.True(File.Exists(fresh));
        Assert.Equal(2, Written().Length);
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_no_error()
    {
        CountedPictures data = new(Enumerable.Repeat(new ImageSize(3, 20, 30), 3).ToArray());
        string file = _folder.Write("file", [1]);
        ReadAll(data, Cache(data, 0, new(Path.Combine(file, "pictures"))), 2);
        Assert.All(data.Counts, count => Assert.Equal(2, count));
    }

    [Fact]
    public void Runs_at_the_same_time_share_the_folder()
    {
        CountedPictures[] runs = [.. Enumerable.Range(0, 4)
            .Select(_ => new CountedPictures(Enumerable.Repeat(new ImageSize(3, 20, 30), 30).ToArray()))];
        Parallel.ForEach(runs, data => ReadAll(data, Cache(data, 0, Files()), 2));
        Assert.Equal(30, Written().Length);
        Assert.Empty(Directory.EnumerateFiles(_folder.FullName, "*.partial", SearchOption.AllDirectories));
    }

    [Fact]
    public void A_run_shares_one_limit_and_one_cache_where_training_and_validation_keep_the_same()
    {
        CountedPictures data = new(Enumerable.Repeat(new ImageSize(3, 40, 40), 30).ToArray());
        DataSplits splits = DataSplits.Create(data, data, 0.2);
        PictureCaches caches = PictureCaches.Of(splits, TransformList.Empty, Target);
        Assert.Same(caches.Training, caches.Validation);
        Assert.Null(caches.Test);
        Assert.Equal(30 * 3 * 16 * 16, caches.MemoryBytes);
        caches = PictureCaches.Of(splits, TransformList.Parse("resize:10,random-crop:8"), Target);
        Assert.NotSame(caches.Training, caches.Validation);
        Assert.Equal(splits.Train.Count * 300 + splits.Validation.Count * 300, caches.MemoryBytes);
    }

    private static PictureCache Cache(CountedPictures data, long memory, PictureFiles? files) =>
        new(data, Reduction, Enumerable.Range(0, data.Count), memory, files);

    private static void ReadAll(CountedPictures data, PictureCache cache, int rounds)
    {
        for (int round = 0; round < rounds; round++)
            for (int i = 0; i < data.Count; i++)
                Assert.Equal(Expected(data.SizeOf(i), i), cache.Read(i).Pixels.ToArray());
    }

    private static byte[] Expected(ImageSize size, int image)
    {
        byte[] kept = new byte[KeptBytes];
        Reduction.Reduce(new CountedPictures(Enumerable.Repeat(size, image + 1).ToArray()).PixelsOf(image), size, kept);
        return kept;
    }

    private PictureFiles Files(long most = 1 << 20) => new(_folder.FullName, most);

    private string[] Written() => [.. Directory.GetFiles(_folder.FullName, "*.picture", SearchOption.AllDirectories).Order()];
}
