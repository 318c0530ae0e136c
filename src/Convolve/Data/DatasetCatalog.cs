namespace Convolve.Data;

/// <summary>The data sets that are known by name, with the digests of their files.</summary>
internal static class DatasetCatalog
{
    /// <remarks>Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits", 1998.</remarks>
    private static readonly DatasetInfo Mnist = new(
        "mnist", "Handwritten digits, white on black.", new ImageSize(1, 28, 28),
        ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"], trainCount: 60000, testCount: 10000)
    {
        Files =
        [
            new("train-images-idx3-ubyte", 47040016, "6bbc9ace898e44ae57da46a324031adb", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
            new("train-labels-idx1-ubyte", 60008, "a25bea736e30d166cdddb491f175f624", "d53e105ee54ea40749a09fcbcd1e9432"),
            new("t10k-images-idx3-ubyte", 7840016, "2646ac647ad5339dbf082846283269ea", "9fb629c4189551a2d022fa330f9573f3"),
            new("t10k-labels-idx1-ubyte", 10008, "27ae3e4e09519cfbb04c329615203637", "ec29112dd5afa0611ce80d1b7f02629c"),
        ],
        Mirrors = [new("https://ossci-datasets.s3.amazonaws.com/mnist/"), new("https://storage.googleapis.com/cvdf-datasets/mnist/")],
    };

    /// <remarks>Source: Xiao, Rasul, Vollgraf, "Fashion-MNIST: a novel image dataset", 2017.</remarks>
    private static readonly DatasetInfo FashionMnist = new(
        "fashion-mnist", "Articles of clothing, white on black.", new ImageSize(1, 28, 28),
        ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"], trainCount: 60000,
            testCount: 10000)
    {
        Files =
        [
            new("train-images-idx3-ubyte", 47040016, "f4a8712d7a061bf5bd6d2ca38dc4d50a", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
            new("train-labels-idx1-ubyte", 60008, "9018921c3c673c538a1fc5bad174d6f9", "25c81989df183df01b3e8a0aad5dffbe"),
            new("t10k-images-idx3-ubyte", 7840016, "8181f5470baa50b63fa0f6fddb340f0a", "bef4ecab320f06d8554ea6380940ec79"),
            new("t10k-labels-idx1-ubyte", 10008, "15d484375f8d13e6eb1aabb0c3f46965", "bb300cfdad3c16e7a12a480ee83cd310"),
        ],
        Mirrors =
        [
            new("https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/"),
            new("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"),
        ],
        SystemDirectories = ["/usr/share/datasets/fashion-mnist"],
    };

    public static readonly IReadOnlyList<DatasetInfo> All = [Mnist, FashionMnist];
}
