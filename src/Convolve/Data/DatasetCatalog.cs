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
            new("train-images-idx3-ubyte", 47040016, DatasetRole.Train,
            "6bbc9ace898e44ae57da46a324031adb") { PackedDigest = "f68b3c2dcbeaaa9fbdd348bbdeb94873" },
            new("train-labels-idx1-ubyte", 60008, DatasetRole.Train,
            "a25bea736e30d166cdddb491f175f624") { PackedDigest = "d53e105ee54ea40749a09fcbcd1e9432" },
            new("t10k-images-idx3-ubyte", 7840016, DatasetRole.Test,
            "2646ac647ad5339dbf082846283269ea") { PackedDigest = "9fb629c4189551a2d022fa330f9573f3" },
            new("t10k-labels-idx1-ubyte", 10008, DatasetRole.Test,
            "27ae3e4e09519cfbb04c329615203637") { PackedDigest = "ec29112dd5afa0611ce80d1b7f02629c" },
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
            new("train-images-idx3-ubyte", 47040016, DatasetRole.Train,
            "f4a8712d7a061bf5bd6d2ca38dc4d50a") { PackedDigest = "8d4fb7e6c68d591d4c3dfef9ec88bf0d" },
            new("train-labels-idx1-ubyte", 60008, DatasetRole.Train,
            "9018921c3c673c538a1fc5bad174d6f9") { PackedDigest = "25c81989df183df01b3e8a0aad5dffbe" },
            new("t10k-images-idx3-ubyte", 7840016, DatasetRole.Test,
            "8181f5470baa50b63fa0f6fddb340f0a") { PackedDigest = "bef4ecab320f06d8554ea6380940ec79" },
            new("t10k-labels-idx1-ubyte", 10008, DatasetRole.Test,
            "15d484375f8d13e6eb1aabb0c3f46965") { PackedDigest = "bb300cfdad3c16e7a12a480ee83cd310" },
        ],
        Mirrors =
        [
            new("https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/"),
            new("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"),
        ],
        SystemDirectories = ["/usr/share/datasets/fashion-mnist"],
    };

    private static readonly string[] Cifar10Names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship",
        "truck"];

    private static readonly string[] Cifar100Names =
    [
        "apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle", "bowl", "boy", "bridge", "bus",
        "butterfly", "camel", "can",
        "castle", "caterpillar", "cattle", "chair", "chimpanzee", "clock", "cloud", "cockroach", "couch", "crab", "crocodile", "cup",
        "dinosaur", "dolphin", "elephant",
        "flatfish", "forest", "fox", "girl", "hamster", "house", "kangaroo", "keyboard", "lamp", "lawn_mower", "leopard", "lion", "lizard",
        "lobster", "man",
        "maple_tree", "motorcycle", "mountain", "mouse", "mushroom", "oak_tree", "orange", "orchid", "otter", "palm_tree", "pear",
        "pickup_truck", "pine_tree", "plain",
        "plate", "poppy", "porcupine", "possum", "rabbit", "raccoon", "ray", "road", "rocket", "rose", "sea", "seal", "shark", "shrew",
        "skunk", "skyscraper", "snail",
        "snake", "spider", "squirrel", "streetcar", "sunflower", "sweet_pepper", "table", "tank", "telephone", "television", "tiger",
        "tractor", "train", "trout",
        "tulip", "turtle", "wardrobe", "whale", "willow_tree", "wolf", "woman", "worm",
    ];

    private static readonly string[] Cifar100CoarseNames =
    [
        "aquatic_mammals", "fish", "flowers", "food_containers", "fruit_and_vegetables", "household_electrical_devices",
        "household_furniture", "insects",
        "large_carnivores", "large_man-made_outdoor_things", "large_natural_outdoor_scenes", "large_omnivores_and_herbivores",
        "medium_mammals",
        "non-insect_invertebrates", "people", "reptiles", "small_mammals", "trees", "vehicles_1", "vehicles_2",
    ];

    private const string Toronto = "https://www.cs.toronto.edu/~kriz/",
        Gluon = "https://apache-mxnet.s3-accelerate.dualstack.amazonaws.com/gluon/dataset/";

    /// <remarks>
    /// Source: Krizhevsky, "Learning multiple layers of features from tiny images", 2009. The archive's MD5 is the one on the page of the
    /// data set; the files' digests are those that torchvision's port to Ruby has for that archive. The second archive holds the same
    /// files, packed by MXNet.
    /// </remarks>
    private static readonly DatasetInfo Cifar10 = new(
        "cifar10", "Things and animals in color.", CifarBinary.ImageSize, Cifar10Names, trainCount: 50000, testCount: 10000)
    {
        Format = new CifarFormat(CifarRecords.Of(CifarLabel.Single)),
        Files =
        [
            new("data_batch_1.bin", 30730000, DatasetRole.Train, "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"),
            new("data_batch_2.bin", 30730000, DatasetRole.Train, "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"),
            new("data_batch_3.bin", 30730000, DatasetRole.Train, "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"),
            new("data_batch_4.bin", 30730000, DatasetRole.Train, "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"),
            new("data_batch_5.bin", 30730000, DatasetRole.Train, "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"),
            new("test_batch.bin", 30730000, DatasetRole.Test, "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"),
            List("batches.meta.txt", Cifar10Names),
        ],
        Archive = new("cifar-10-binary.tar.gz", "cifar-10-batches-bin",
            new("c32a1d4ab5d03f1284b67883e8d87530", 170052171), new("fab780a1e191a7eda0f345501ccd62d20f7ed891", 169570669))
        {
            ForeignFolders = ["cifar-10-batches-py", "cifar-10-batches-mat"],
        },
        Mirrors = [new(Toronto), new(Gluon + "cifar10/")],
    };

    /// <remarks>Source: as for CIFAR-10, with the finer of the two labels.</remarks>
    private static readonly DatasetInfo Cifar100 = CreateCifar100("cifar100", "Things, animals, plants and people in color.",
        Cifar100Names, CifarLabel.Fine);

    /// <remarks>Source: the same files, with the coarser of the two labels.</remarks>
    private static readonly DatasetInfo Cifar100Coarse =
        CreateCifar100("cifar100-coarse", "The images of cifar100 in 20 superclasses.", Cifar100CoarseNames, CifarLabel.Coarse);

    public static readonly IReadOnlyList<DatasetInfo> All = [Mnist, FashionMnist, Cifar10, Cifar100, Cifar100Coarse];

    private static DatasetInfo CreateCifar100(string name, string description, string[] classNames, CifarLabel label) => new(
        name, description, CifarBinary.ImageSize, classNames, trainCount: 50000, testCount: 10000)
    {
        FolderName = "cifar100",
        Format = new CifarFormat(CifarRecords.Of(label)),
        Files =
        [
            new("train.bin", 153700000, DatasetRole.Train, "f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29"),
            new("test.bin", 30740000, DatasetRole.Test, "d8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a"),
            List("fine_label_names.txt", Cifar100Names),
            List("coarse_label_names.txt", Cifar100CoarseNames),
        ],
        Archive = new("cifar-100-binary.tar.gz", "cifar-100-binary",
            new("03b5dce01913d631647c71ecec9e9cb8", 168513733), new("a0bb982c76b83111308126cc779a992fa506b90b", null))
        {
            ForeignFolders = ["cifar-100-python", "cifar-100-matlab"],
        },
        Mirrors = [new(Toronto), new(Gluon + "cifar100/")],
    };

    private static DatasetFile List(string name, string[] names) => new(name, 1 << 14, DatasetRole.Names, null) { Names = names };
}
